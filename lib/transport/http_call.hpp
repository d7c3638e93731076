// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/free_memory.hpp"
#include "transport/byte_stream_client.hpp"
#include "transport/http_answer.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace gemini::live::transport {

/// One HTTP call. `opened` completes when the whole answer has arrived, or its head if a sink
/// receives the body.
class http_call final : public byte_stream_client {
public:
    http_call(
        std::shared_ptr<lws_virtual_host> host, const http_request& request, const route& route);
    ~http_call() override;

    /// Returns the answer after its end. Throws what ended it early. Cancellation: ends the call.
    static asio::awaitable<http_response> answered(std::shared_ptr<http_call> self);

private:
    void on_ready() override;
    bool on_bytes(std::span<const char> bytes) override;
    void on_paused() override {}
    void on_end() override;
    bool next_output() override { return false; }
    void on_written() override { base::free_memory(request_); }
    void on_write_failed() override;
    [[nodiscard]] clock::time_point next_check() const override { return deadline_; }

    void begin_body();
    void judge_answer();
    void complete();
    void abort_incomplete();
    void refuse(errc code, const std::string& what);
    void refuse_size();

    std::string method_;
    std::string body_;    // until the request is made
    std::string request_; // until it is sent
    std::size_t max_body_;
    std::string peer_;                                           // for sentences
    std::function<body_sink(const http_response&)> choose_sink_; // until there is a head
    body_sink sink_;
    http_answer answer_;
    http_response response_;
};

/// As for other requests. Also refuses methods other than GET, POST and DELETE.
void check_sendable(const http_request& request);

} // namespace gemini::live::transport
