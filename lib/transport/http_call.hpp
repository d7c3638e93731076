// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "transport/lws_client.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live::transport {

/// One HTTP call through lws's client. `opened` completes when the whole answer has arrived.
class http_call : public lws_client {
public:
    http_call(std::shared_ptr<lws_virtual_host> host, const http_request& request,
        const std::optional<proxy_address>& proxy);
    ~http_call() override;

    /// Returns the answer; call once.
    [[nodiscard]] http_response take_response() noexcept { return std::move(response_); }

private:
    int on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size) override;
    [[nodiscard]] const char* method() const noexcept override;
    [[nodiscard]] error why() const override;

    int ask(lws* connection, void* in, std::size_t room);
    int write_body(lws* connection);
    int on_answer(lws* connection);
    int read(lws* connection);
    int on_piece(std::string_view piece);
    int on_complete(lws* connection);
    int complete();
    int refuse(errc code, const std::string& what);
    int refuse_size();

    bool posts_;
    base::frame body_;
    std::size_t written_ = 0; // of the body
    std::size_t max_body_;
    std::string peer_; // for sentences
    http_response response_;
    char* position_ = nullptr; // how far lws has come in the buffer
};

/// As for other requests. Also refuses methods other than GET and POST.
void check_sendable(const http_request& request);

} // namespace gemini::live::transport
