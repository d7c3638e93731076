// SPDX-License-Identifier: Apache-2.0
#include "session/tapping_connector.hpp"

#include "base/private_file.hpp"
#include "base/utf8.hpp"
#include "protocol/decode.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/mend.hpp"
#include "protocol/redact.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live {
namespace {

using transport::connect_request;
using transport::connection;

/// Writes the lines of one client.
class recorder {
public:
    recorder(wire_tap tap, std::shared_ptr<async::clock> clock)
        : tap_(std::move(tap)), clock_(std::move(clock)), begin_(clock_->now())
    {
    }

    [[nodiscard]] std::int64_t count_connection() noexcept { return ++connections_; }
    [[nodiscard]] bool with_media() const noexcept { return tap_.with_media; }

    /// Begins a line.
    [[nodiscard]] protocol::json_writer line(std::int64_t connection) const
    {
        const auto since =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock_->now() - begin_);
        protocol::json_writer line;
        line.begin_object();
        line.member("at", std::int64_t{since.count()}).member("connection", connection);
        return line;
    }

    void keep_secret(std::string secret)
    {
        constexpr std::size_t longest = 64 * 1024; // nor is a longer handle kept
        if (secret.size() > longest) return;
        if (std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end()) return;
        secrets_.push_back(std::move(secret));
        constexpr std::size_t most = 64; // a server quotes what it got recently, if anything
        if (secrets_.size() > most) secrets_.pop_front();
    }

    [[nodiscard]] const std::deque<std::string>& secrets() const noexcept { return secrets_; }

    void write(protocol::json_writer line) const { tap_.sink(line.end_object().text()); }

private:
    wire_tap tap_;
    std::shared_ptr<async::clock> clock_;
    base::time_point begin_;
    std::int64_t connections_ = 0;
    std::deque<std::string> secrets_;
};

class tapped_connection : public connection {
public:
    tapped_connection(
        std::unique_ptr<connection> inner, std::shared_ptr<recorder> to, std::int64_t number)
        : inner_(std::move(inner)), to_(std::move(to)), number_(number)
    {
        auto line = to_->line(number_);
        line.member("opened", true);
        to_->write(std::move(line));
    }

    asio::awaitable<void> send(std::vector<base::frame> batch) override
    {
        for (const auto& each : batch) tell("sent", each.view());
        return inner_->send(std::move(batch));
    }

    asio::awaitable<transport::message> receive() override
    {
        try {
            auto got = co_await inner_->receive();
            tell("received", got.payload.view());
            co_return got;
        } catch (const error& failure) {
            tell_end(failure);
            throw;
        }
    }

    std::uint64_t ping() override { return inner_->ping(); }

    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        leave(code);
        return inner_->close(code, std::move(reason));
    }

    void abort() noexcept override
    {
        leave(0);
        inner_->abort();
    }

private:
    void tell(const char* direction, std::string_view message)
    {
        auto line = to_->line(number_);
        if (const auto text = redacted(message))
            line.key(direction).raw(*text);
        else
            line.member("malformed", static_cast<std::int64_t>(message.size()));
        to_->write(std::move(line));
    }

    /// The message as the session reads it; nullopt when it is not JSON, or too complex.
    std::optional<std::string> redacted(std::string_view message)
    {
        constexpr std::size_t most_marks = 200'000;
        if (protocol::count_marks(message) > most_marks) return std::nullopt;
        if (auto text = redacted_json(message)) return text;
        if (message.size() > protocol::longest_to_mend) return std::nullopt;
        const auto mended = protocol::mend_json(protocol::mend_characters(message));
        return mended ? redacted_json(mended->text) : std::nullopt;
    }

    std::optional<std::string> redacted_json(std::string_view message)
    {
        try {
            auto [text, secrets] = protocol::redact(message, to_->with_media(), to_->secrets());
            for (auto& each : secrets) to_->keep_secret(std::move(each));
            return std::move(text);
        } catch (const error&) {
            return std::nullopt;
        }
    }

    void tell_end(const error& failure)
    {
        if (std::exchange(ended_, true)) return;
        auto line = to_->line(number_);
        if (failure.close_code() != 0) {
            line.member("closed", std::int64_t{failure.close_code()});
            auto reason = failure.reason();
            protocol::strike_out(reason, to_->secrets());
            if (base::is_utf8(reason)) line.member("reason", reason);
        } else {
            line.member("lost", to_string(failure.value()));
        }
        to_->write(std::move(line));
    }

    void leave(std::uint16_t code)
    {
        if (std::exchange(ended_, true)) return;
        auto line = to_->line(number_);
        line.member("left", std::int64_t{code});
        to_->write(std::move(line));
    }

    std::unique_ptr<connection> inner_;
    std::shared_ptr<recorder> to_;
    std::int64_t number_;
    bool ended_ = false;
};

class tapped_connector : public transport::connector {
public:
    tapped_connector(std::shared_ptr<transport::connector> inner, std::shared_ptr<recorder> to)
        : inner_(std::move(inner)), to_(std::move(to))
    {
    }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return inner_->executor();
    }

    asio::awaitable<std::unique_ptr<connection>> connect(connect_request request) override
    {
        const auto number = to_->count_connection();
        for (const auto& [name, value] : request.fields) {
            const auto begin = value.rfind(' ') + 1; // after "Bearer"
            if (protocol::is_secret(name)) to_->keep_secret(value.substr(begin));
        }
        try {
            auto made = co_await inner_->connect(std::move(request));
            co_return std::make_unique<tapped_connection>(std::move(made), to_, number);
        } catch (const error& failure) {
            auto line = to_->line(number);
            if (failure.http_status() != 0)
                line.member("refused", failure.http_status());
            else
                line.member("failed", to_string(failure.value()));
            if (const auto after = failure.retry_after())
                line.member("retry_after", std::int64_t{after->count()});
            to_->write(std::move(line));
            throw;
        }
    }

    asio::awaitable<transport::http_response> fetch(transport::http_request request) override
    {
        return inner_->fetch(std::move(request));
    }

private:
    std::shared_ptr<transport::connector> inner_;
    std::shared_ptr<recorder> to_;
};

} // namespace

std::shared_ptr<transport::connector> tapped(std::shared_ptr<transport::connector> inner,
    const wire_tap& tap, std::shared_ptr<async::clock> clock)
{
    if (!tap.sink) return inner;
    return std::make_shared<tapped_connector>(
        std::move(inner), std::make_shared<recorder>(tap, std::move(clock)));
}

} // namespace gemini::live

namespace gemini::live {

wire_tap file_tap(const std::filesystem::path& path, bool with_media)
{
    struct shared_log {
        explicit shared_log(const std::filesystem::path& at) : file(at) {}
        std::mutex mutex{};
        base::private_log file;
    };
    wire_tap tap;
    tap.with_media = with_media;
    tap.sink = [log = std::make_shared<shared_log>(path)](std::string_view line) {
        const std::lock_guard lock(log->mutex);
        log->file.write(line);
    };
    return tap;
}

} // namespace gemini::live
