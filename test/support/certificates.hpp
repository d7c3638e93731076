// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace test {

/// A certificate and its key, in PEM, and how a server with it behaves.
struct pem_identity {
    std::string certificate; ///< May be followed by its issuers.
    std::string private_key;
    /// The newest version that its server speaks, in OpenSSL's numbers; 0: OpenSSL's newest.
    int newest_tls = 0;
    /// Clients must show a certificate of this authority, in PEM. Empty: they are not asked for
    /// one.
    std::string client_authority{};
    /// The server gives out sessions, and ends the handshake of a client that resumes one.
    bool fails_to_resume = false;
};

enum class validity { now, expired, not_yet };

/// A certificate authority that lives as long as the test. Each instance is another authority.
class certificate_authority {
public:
    explicit certificate_authority(const std::string& name = "Throw-away CA of the tests");
    certificate_authority(const certificate_authority&) = delete;
    certificate_authority& operator=(const certificate_authority&) = delete;
    ~certificate_authority();

    /// The certificate to trust.
    [[nodiscard]] const std::string& pem() const;

    /// An authority whose certificate this one has signed.
    [[nodiscard]] certificate_authority issue_authority(validity when = validity::now) const;
    /// A certificate for `names`, in OpenSSL's spelling: "DNS:localhost,IP:127.0.0.1". Its common
    /// name is `subject`.
    [[nodiscard]] pem_identity issue(const std::string& names, validity when = validity::now,
        const std::string& subject = "server") const;

private:
    struct state;
    explicit certificate_authority(std::unique_ptr<state> state);

    std::unique_ptr<state> state_;
};

/// A self-signed certificate.
[[nodiscard]] pem_identity self_signed(const std::string& names);

/// A private key in PEM, encrypted.
[[nodiscard]] std::string encrypted(const std::string& private_key, const std::string& password);

/// The SHA-256 of the public key of a certificate in PEM, in base64.
[[nodiscard]] std::string pin_of(const std::string& certificate);

/// The name, without ".0", of the file in which OpenSSL looks for an authority in a folder.
[[nodiscard]] std::string folder_name_of(const std::string& certificate);

} // namespace test
