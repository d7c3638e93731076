// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/certificates.hpp"
#include "support/raw_frame.hpp"

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using header_fields = std::vector<std::pair<std::string, std::string>>;

/// The header of an HTTP request or response, as it was read.
struct http_head {
    std::string start_line;
    header_fields fields; ///< Names in lower case.

    /// Empty when absent.
    [[nodiscard]] std::string header(std::string_view name) const;
    /// Of a request: its second word. Of a response: its status.
    [[nodiscard]] std::string target() const;
};

[[nodiscard]] std::string http_response(
    int status, const header_fields& fields = {}, std::string_view body = {});

/// What a WebSocket server must answer to this key.
[[nodiscard]] std::string accept_key(std::string_view client_key);

/// What the connections of a TLS server share: certificate, and keys of its sessions.
class tls_server;
[[nodiscard]] std::shared_ptr<tls_server> make_tls_server(const pem_identity& identity);

/// One TCP connection, plain or TLS, controlled by the test. Reads throw std::system_error, also at
/// the end of the stream, unless documented otherwise. Destruction closes it.
class raw_socket {
public:
    explicit raw_socket(asio::ip::tcp::socket socket);
    raw_socket(raw_socket&&) noexcept;
    raw_socket& operator=(raw_socket&&) noexcept;
    ~raw_socket();

    /// Uses TLS from here on, as the server or as a client that trusts `ca_pem` alone.
    asio::awaitable<void> accept_tls(pem_identity identity);
    asio::awaitable<void> accept_tls(std::shared_ptr<tls_server> server);
    asio::awaitable<void> connect_tls(std::string host, std::string ca_pem);

    asio::awaitable<void> write(std::string bytes);
    /// Writes byte by byte, and lets everybody else run after each.
    asio::awaitable<void> drip(std::string bytes);

    /// Returns what is available, at least a byte; empty at the end of the stream, however it came.
    asio::awaitable<std::string> read_some();
    asio::awaitable<std::string> read(std::size_t size);
    /// Returns everything up to the end of the stream, however it came.
    asio::awaitable<std::string> read_to_end();
    asio::awaitable<http_head> read_head();
    /// Returns a frame with its mask removed; `raw_frame::is_masked()` reports whether it had one.
    asio::awaitable<raw_frame> read_frame();

    /// Passes on what each of the two receives, until both have ended.
    asio::awaitable<void> join(raw_socket& other);

    /// FIN: nothing more will be written. Sends no TLS alert.
    void finish();
    /// RST.
    void reset();
    void close();

    /// Whether the client has resumed a TLS session.
    [[nodiscard]] bool has_resumed() const;

    [[nodiscard]] asio::ip::tcp::socket& tcp();

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace test
