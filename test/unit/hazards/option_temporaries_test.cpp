// SPDX-License-Identifier: Apache-2.0
// g++ 12 copies the members of an aggregate temporary bytewise in an expression that contains a
// co_await, and destroys both. Options are aggregates, and are written in exactly such places. Here
// they are written in each form, and every block of memory must be freed once.
#include "support/catch.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/fake_google.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace live = gemini::live;

namespace {

constexpr std::uint64_t in_use = 0x6c6976652d626c6b;
std::atomic<int> freed_twice{0};

/// Precedes each block. Freed blocks are kept, so that a second free is detected.
struct alignas(std::max_align_t) header {
    std::uint64_t state;
};

} // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    auto* const block = static_cast<header*>(std::malloc(sizeof(header) + size));
    if (!block) return nullptr;
    block->state = in_use;
    return block + 1;
}

void* operator new(std::size_t size)
{
    if (void* block = operator new(size, std::nothrow)) return block;
    throw std::bad_alloc();
}

void operator delete(void* block) noexcept
{
    if (!block) return;
    auto* const whole = static_cast<header*>(block) - 1;
    if (whole->state != in_use) ++freed_twice;
    whole->state = 0;
}

void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace {

// Too long for the small string optimization.
const std::string text = "a text that is too long to live inside a string object";
const std::string pin = "sha256//MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

void require(bool holds)
{
    if (!holds) throw std::runtime_error("an option did not arrive");
}

std::function<asio::awaitable<live::access_token>()> asker()
{
    return [kept = text]() -> asio::awaitable<live::access_token> {
        co_return live::access_token(kept);
    };
}

std::vector<live::function_declaration> functions()
{
    return {{.name = text, .description = text}, {.name = "b"}};
}

std::map<std::string, std::string> labels() { return {{"a", text}, {"b", text}, {"c", "d"}}; }

asio::any_io_executor executor_of(asio::io_context& io) { return io.get_executor(); }

using awaitable = asio::awaitable<void>;

bool has_key(const live::client& client)
{
    const auto* const key = client.options().credentials.get_if<live::api_key>();
    return key && key->reveal() == "key-" + text.substr(0, 1);
}

live::api_key key() { return live::api_key("key-" + text.substr(0, 1)); }

awaitable take(live::client_options options)
{
    co_await asio::this_coro::executor;
    require(options.base_url == text && options.tls.ca_pem == text);
}

struct form {
    const char* what;
    awaitable (*work)();
};

const std::vector<form> forms{
    {"client c(co_await executor, {…})",
        []() -> awaitable {
            live::client client(
                co_await asio::this_coro::executor, {.project = "", .credentials = key()});
            require(has_key(client));
        }},
    {"client c(co_await executor, client_options{…}) of nested options",
        []() -> awaitable {
            live::client client(co_await asio::this_coro::executor,
                live::client_options{.credentials = key(),
                    .tls = {.ca_pem = text,
                        .certificate_file = text,
                        .private_key_password = live::secret(text),
                        .pinned_public_keys = std::vector<std::string>(1, pin)},
                    .proxy = live::proxy_options{.url = "http://proxy.example:8080/" + text},
                    .logger = {.sink = live::log_lines([](live::log_level, std::string_view) {})},
                    .tap = live::wire_tap{.sink = [](std::string_view) {}}});
            require(has_key(client) && client.options().tls.ca_pem == text);
            require(client.options().tls.private_key_password.reveal() == text);
            require(client.options().tls.pinned_public_keys.front() == pin);
            require(client.options().proxy.url.ends_with(text));
        }},
    {"credentials that are aggregates",
        []() -> awaitable {
            live::client provided(co_await asio::this_coro::executor,
                {.backend = live::backend::vertex_ai,
                    .project = "p",
                    .credentials = live::token_provider{.ask = asker()}});
            live::client machine(co_await asio::this_coro::executor,
                {.backend = live::backend::vertex_ai,
                    .project = "p",
                    .credentials = live::application_default{
                        .machine = {.host = "127.0.0.1:1", .account = text},
                        .quota_project = text}});
            require(provided.options().credentials.is<live::token_provider>());
            require(!machine.options().credentials.empty());
        }},
    {"client::from_environment(co_await executor, {…})",
        []() -> awaitable {
            const auto client = live::client::from_environment(
                co_await asio::this_coro::executor, {.credentials = key()});
            require(has_key(client));
        }},
    {"make_shared<client>(co_await executor, client_options{…})",
        []() -> awaitable {
            const auto client = std::make_shared<live::client>(
                co_await asio::this_coro::executor, live::client_options{.credentials = key()});
            require(has_key(*client));
        }},
    {"optional and vector",
        []() -> awaitable {
            std::optional<live::client> one;
            one.emplace(
                co_await asio::this_coro::executor, live::client_options{.credentials = key()});
            std::vector<live::client> all;
            all.emplace_back(
                co_await asio::this_coro::executor, live::client_options{.credentials = key()});
            require(has_key(*one) && has_key(all.front()));
        }},
    {"session s(client(co_await executor, {…}), {…})",
        []() -> awaitable {
            live::session session(
                live::client(co_await asio::this_coro::executor, {.credentials = key()}),
                {.model = text,
                    .functions = functions(),
                    .thinking_config =
                        live::thinking_config{.thinking_level = live::thinking_level::low},
                    .translation_config = {},
                    .input_audio_transcription = live::audio_transcription{.source_text = text},
                    .output_audio_transcription = {},
                    .session_resumption = live::session_resumption{.handle = text},
                    .labels = labels()});
            require(session.resumption_handle() == text);
        }},
    {"make_shared<session>(client(co_await executor, {…}), setup{…})",
        []() -> awaitable {
            const auto session = std::make_shared<live::session>(
                live::client(co_await asio::this_coro::executor, {.credentials = key()}),
                live::setup{.model = text,
                    .session_resumption = live::session_resumption{.handle = text},
                    .labels = labels()});
            require(session->resumption_handle() == text);
        }},
    {"emulator e(co_await executor, {…})",
        []() -> awaitable {
            live::testing::emulator server(co_await asio::this_coro::executor,
                {.api_key = text, .on_event = [](std::string_view) {}});
            require(server.port() != 0);
            const auto other =
                std::make_unique<live::testing::emulator>(co_await asio::this_coro::executor,
                    live::testing::emulator_options{.address = "127.0.0.1", .api_key = text});
            require(other->port() != 0);
        }},
    {"fake_google g(co_await executor, {…})",
        []() -> awaitable {
            live::testing::fake_google google(
                co_await asio::this_coro::executor, {.project = text, .quota_project = text});
            require(!google.url().empty());
        }},
    {"session_group g(co_await executor, client, {…})",
        []() -> awaitable {
            live::session_group group(co_await asio::this_coro::executor,
                live::client(co_await asio::this_coro::executor, {.credentials = key()}),
                {.max_sessions = 2, .on_event = [](const live::group_event&) {}});
            require(group.size() == 0);
        }},
    {"co_await of a function that takes options by value",
        []() -> awaitable { co_await take({.base_url = text, .tls = {.ca_pem = text}}); }},
    {"options = {…} beside a co_await",
        []() -> awaitable {
            live::client_options options;
            options = {.base_url = (co_await asio::this_coro::executor, text),
                .tls = live::tls_options{.ca_pem = text}};
            require(options.base_url == text && options.tls.ca_pem == text);
            std::vector<live::setup> setups;
            setups.push_back({.model = (co_await asio::this_coro::executor, text)});
            require(setups.front().model == text);
        }},
};

} // namespace

TEST_CASE("options in braces beside a co_await arrive, and are freed once")
{
    for (const auto& each : forms) {
        INFO(each.what);
        asio::io_context io;
        std::exception_ptr thrown;
        asio::co_spawn(
            executor_of(io), each.work(), [&thrown](std::exception_ptr what) { thrown = what; });
        io.run();
        CHECK_NOTHROW(thrown ? std::rethrow_exception(thrown) : void());
        CHECK(freed_twice == 0);
    }
}

TEST_CASE("options are aggregates that copy like any other value")
{
    STATIC_REQUIRE(std::is_aggregate_v<live::client_options>);
    STATIC_REQUIRE(std::is_aggregate_v<live::setup>);
    const live::client_options given{.base_url = text, .tls = {.ca_pem = text}};
    auto copy = given;
    const auto moved = std::move(copy);
    CHECK(moved.base_url == text);
    CHECK(moved.tls == given.tls);
    live::setup setup{.model = text};
    const auto same = setup;
    CHECK(same == setup);
}
