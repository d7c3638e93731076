// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace test {

/// A certificate and its key, in PEM.
struct pem_identity {
    std::string certificate;
    std::string private_key;
    /// The newest version that its server speaks, in OpenSSL's numbers; 0: OpenSSL's newest.
    int newest_tls = 0;
};

enum class validity { now, expired, not_yet };

/// A certificate authority that lives as long as the test. Each instance is another authority.
class certificate_authority {
public:
    certificate_authority();
    certificate_authority(const certificate_authority&) = delete;
    certificate_authority& operator=(const certificate_authority&) = delete;
    ~certificate_authority();

    /// The certificate to trust.
    [[nodiscard]] const std::string& pem() const;

    /// An authority whose certificate this one has signed.
    [[nodiscard]] certificate_authority issue_authority() const;
    /// A server's certificate for `names`, in OpenSSL's spelling: "DNS:localhost,IP:127.0.0.1".
    [[nodiscard]] pem_identity issue(const std::string& names, validity when = validity::now) const;

private:
    struct state;
    explicit certificate_authority(std::unique_ptr<state> state);

    std::unique_ptr<state> state_;
};

/// A self-signed certificate.
[[nodiscard]] pem_identity self_signed(const std::string& names);

} // namespace test
