// SPDX-License-Identifier: Apache-2.0
#include "transport/http_call.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

namespace gemini::live::transport {
namespace {

/// Text that is not a length, or one too large to fit, yields the largest length.
std::size_t length_of(std::string_view text)
{
    std::size_t length = 0;
    const auto* const end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, length);
    return failed != std::errc() || stopped != end ? std::string_view::npos : length;
}

std::string request_text(
    const std::string& method, const lws_handshake& to, const std::string& body)
{
    auto text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", method,
        to.target(), to.host_header());
    for (const auto& [name, value] : to.fields()) text += fmt::format("{}: {}\r\n", name, value);
    if (method == "POST") text += fmt::format("Content-Length: {}\r\n", body.size());
    return text += "\r\n" + body;
}

} // namespace

void check_sendable(const http_request& request)
{
    check_sendable(static_cast<const request_head&>(request));
    if (request.method != "GET" && request.method != "POST" && request.method != "DELETE")
        throw error(errc::invalid_argument, "The method must be GET, POST or DELETE.");
    if (request.method != "POST" && !request.body.empty())
        throw error(errc::invalid_argument, "Only a POST request has a body.");
}

http_call::http_call(
    std::shared_ptr<lws_virtual_host> host, const http_request& request, const route& route)
    : byte_stream_client(std::move(host), request, route), method_(request.method),
      body_(request.body), max_body_(request.max_body), peer_(handshake_->peer()),
      choose_sink_(request.choose_sink),
      answer_(http_answer::request::any, choose_sink_ ? std::string::npos : max_body_)
{
}

http_call::~http_call() = default;

void http_call::on_ready()
{
    handshake_->asked();
    request_ = request_text(method_, *handshake_, std::exchange(body_, {}));
    output_ = request_;
    write();
}

bool http_call::on_bytes(std::span<const char> bytes)
try {
    std::string_view text(bytes.data(), bytes.size());
    answer_.feed(text);
    if (choose_sink_ && answer_.has_whole_head()) begin_body();
    if (sink_) sink_(answer_.take_body());
    if (answer_.has_head()) judge_answer();
    return stage_ != stage::over;
} catch (const std::exception& failure) {
    abort(lost(failure.what()));
    return false;
}

void http_call::begin_body()
{
    response_ = {answer_.status(), answer_.fields(), {}};
    sink_ = std::exchange(choose_sink_, {})(response_);
    if (!sink_) return answer_.limit_body(max_body_);
    if (answer_.end() == http_answer::ending::none) open();
}

asio::awaitable<http_response> http_call::answered(std::shared_ptr<http_call> self)
{
    struct abort_unless_over {
        http_call& call;
        ~abort_unless_over() { call.abort(); }
    } const guard{*self};
    while (self->stage_ == stage::open) co_await self->opened_or_closed_.wait();
    if (self->end_) throw error(*self->end_);
    co_return std::move(self->response_);
}

/// Judges the answer, as far as it has arrived.
void http_call::judge_answer()
{
    const auto coding = base::lowered(answer_.field("transfer-encoding"));
    const auto length = answer_.field("content-length");
    if (answer_.status() < 200)
        return refuse(errc::protocol_violation, "did not answer as an HTTP server does");
    if (has_no_body(answer_.status())) return complete();
    if (!coding.empty() && coding != "chunked")
        return refuse(errc::protocol_violation, "coded its answer in a way that is not known");
    if (!sink_ && coding.empty() && !length.empty() && length_of(length) > max_body_)
        return refuse_size();
    switch (answer_.end()) {
    case http_answer::ending::none: return;
    case http_answer::ending::whole: return complete();
    case http_answer::ending::too_long: return refuse_size();
    case http_answer::ending::broken:
        return refuse(errc::protocol_violation, "did not answer as an HTTP server does");
    }
}

void http_call::complete()
{
    response_ = {answer_.status(), answer_.fields(), answer_.take_body()};
    wire_->say_goodbye();
    open();
    destroy();
}

void http_call::on_end()
{
    const bool is_whole = answer_.ends_with_connection() && ended_->then == moved::at_the_end;
    is_whole ? complete() : abort_incomplete();
}

/// The server may have answered before it ended the connection.
void http_call::on_write_failed()
{
    while (wire_) {
        const auto buffer = runtime_->read_buffer();
        const auto last = wire_->read(buffer);
        if (!on_bytes(buffer.first(last.size))) return;
        if (last.then == moved::at_the_end || last.then == moved::broken) {
            ended_ = last;
            return on_end();
        }
        if (last.size == 0) return abort_incomplete();
    }
}

void http_call::refuse(errc code, const std::string& what)
{
    abort({code, fmt::format("{} {}.", peer_, what), {phase::upgrade, 0, {}, answer_.status()}});
}

void http_call::refuse_size()
{
    refuse(errc::message_too_big, fmt::format("sent an answer of more than {} bytes", max_body_));
}

void http_call::abort_incomplete()
{
    if (!answer_.has_head()) return abort_unanswered();
    abort({errc::connection_lost,
        fmt::format("{} ended the connection before its answer was whole.", peer_),
        {phase::upgrade, 0, {}, answer_.status()}});
}

} // namespace gemini::live::transport
