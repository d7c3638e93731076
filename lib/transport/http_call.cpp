// SPDX-License-Identifier: Apache-2.0
#include "transport/http_call.hpp"

#include "transport/http_answer.hpp"
#include "transport/http_fields.hpp"
#include "transport/lws_fields.hpp"

#include <openssl/ssl.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace gemini::live::transport {
namespace {

/// Those fields unknown to lws that a caller needs.
constexpr std::array<std::string_view, 1> custom_fields = {"metadata-flavor:"};

/// Text that is not a length, or one too large to fit, yields the largest length.
std::size_t length_of(std::string_view text)
{
    std::size_t length = 0;
    const auto* const end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, length);
    return failed != std::errc() || stopped != end ? std::string_view::npos : length;
}

/// The head as it is to be sent.
request_head head_of(const http_request& request)
{
    request_head head = request;
    if (request.method == "POST")
        head.fields.emplace_back("Content-Length", std::to_string(request.body.size()));
    return head;
}

} // namespace

void check_sendable(const http_request& request)
{
    check_sendable(static_cast<const request_head&>(request));
    if (request.method != "GET" && request.method != "POST")
        throw error(errc::invalid_argument, "The method must be GET or POST.");
    if (request.method == "GET" && !request.body.empty())
        throw error(errc::invalid_argument, "A GET request has no body: use POST.");
}

http_call::http_call(std::shared_ptr<lws_virtual_host> host, const http_request& request,
    const std::optional<proxy_address>& proxy)
    : lws_client(std::move(host), head_of(request), proxy), posts_(request.method == "POST"),
      body_(request.body), max_body_(request.max_body), peer_(handshake_->peer())
{
}

http_call::~http_call() = default;

const char* http_call::method() const noexcept { return posts_ ? "POST" : "GET"; }

int http_call::on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER: return ask(connection, in, size);
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE: return write_body(connection);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP: return on_answer(connection);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP: return read(connection);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
        return on_piece({static_cast<const char*>(in), size});
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP: return on_complete(connection);
    default: return lws_client::on(connection, reason, in, size);
    }
}

int http_call::ask(lws* connection, void* in, std::size_t room)
{
    if (body_.size() != 0) lws_client_http_body_pending(connection, 1);
    return handshake_->append_headers(static_cast<unsigned char**>(in), room);
}

/// lws calls it only when it holds nothing of an earlier write any more.
int http_call::write_body(lws* connection)
{
    if (written_ == body_.size()) return 0;
    const auto size = std::min(body_.size() - written_, lws_runtime::tx_packet_size);
    const bool last = written_ + size == body_.size();
    if (lws_write(connection, reinterpret_cast<unsigned char*>(body_.data() + written_), size,
            last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < static_cast<int>(size))
        return -1;
    written_ += size;
    if (last) {
        body_ = {};
        written_ = 0;
        lws_client_http_body_pending(connection, 0);
    } else {
        lws_callback_on_writable(connection);
    }
    return 0;
}

int http_call::on_answer(lws* connection)
{
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
    if (tls_) SSL_clear_options(lws_get_ssl(connection), SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
    response_.status = static_cast<int>(lws_http_client_http_response(connection));
    response_.fields = read_fields(connection, custom_fields, runtime_->read_buffer());
    if (response_.status < 200 || response_.status > 999)
        return refuse(errc::protocol_violation, "did not answer as an HTTP server does");
    if (has_no_body(response_.status)) return complete();
    const auto coding = header_of(response_.fields, "transfer-encoding");
    if (!coding.empty() && coding != "chunked")
        return refuse(errc::protocol_violation, "coded its answer in a way that is not known");
    const auto length = header_of(response_.fields, "content-length");
    const bool too_long = coding.empty() && !length.empty() && length_of(length) > max_body_;
    return too_long ? refuse_size() : 0;
}

int http_call::read(lws* connection)
{
    if (stage_ != stage::dialing) return -1;
    const auto buffer = runtime_->read_buffer();
    position_ = buffer.data();
    int size = static_cast<int>(buffer.size());
    return lws_http_client_read(connection, &position_, &size) < 0 ? -1 : 0;
}

/// For a chunk that claims to be huge, lws 4.1.6 reports a wrong size. The size is therefore
/// checked before any byte is read.
int http_call::on_piece(std::string_view piece)
{
    if (stage_ != stage::dialing) return -1;
    if (piece.size() > max_body_ - response_.body.size()) return refuse_size();
    response_.body += piece;
    return 0;
}

/// lws also reports completion for a body without a length when the connection has ended, and for a
/// chunked body that was cut. In both cases its position in the buffer has not moved.
int http_call::on_complete(lws* connection)
{
    if (stage_ != stage::dialing) return -1;
    const bool at_the_end = position_ == runtime_->read_buffer().data();
    if (!at_the_end) return complete();
    const auto* const ssl = lws_get_ssl(connection);
    const bool ended_properly = !tls_ || (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    const bool in_chunks = !header_of(response_.fields, "transfer-encoding").empty();
    return ended_properly && !in_chunks ? complete() : -1;
}

/// Closes the connection explicitly, since returning -1 to lws does not always close it.
int http_call::complete()
{
    open();
    destroy();
    return -1;
}

int http_call::refuse(errc code, const std::string& what)
{
    abort({code, fmt::format("{} {}.", peer_, what), {phase::upgrade, 0, {}, response_.status}});
    return -1;
}

int http_call::refuse_size()
{
    return refuse(
        errc::message_too_big, fmt::format("sent an answer of more than {} bytes", max_body_));
}

error http_call::why() const
{
    if (response_.status == 0) return handshake_->why();
    return {errc::connection_lost,
        fmt::format("{} ended the connection before its answer was whole.", peer_),
        {phase::upgrade, 0, {}, response_.status}};
}

} // namespace gemini::live::transport
