// SPDX-License-Identifier: Apache-2.0
// A chat in the terminal: a complete program for users, on one thread.
#include "conversation.hpp"
#include "options.hpp"
#include "terminal.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

namespace live = gemini::live;

bool is_plain(const std::string& url)
{
    return url.starts_with("http://") || url.starts_with("ws://");
}

/// Whether the user has named a source of tokens. A stored login alone is not meant for an
/// emulator.
bool names_credentials()
{
    return std::getenv("GOOGLE_APPLICATION_CREDENTIALS") || std::getenv("GCE_METADATA_HOST");
}

/// Combines the options and the environment.
live::client_options service_for(
    const asio::io_context::executor_type& executor, const chat::options& wishes)
{
    live::client_options service;
    if (wishes.vertex) service.backend = live::backend::vertex_ai;
    service.project = wishes.project;
    service.location = wishes.location;
    service.base_url = wishes.url;
    if (is_plain(wishes.url) && wishes.vertex && !names_credentials())
        service.credentials = live::access_token("any");
    return live::client::from_environment(executor, service).options();
}

/// A write that is in progress when the signal comes is still completed.
void restart_calls_after(int signal)
{
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    action.sa_flags |= SA_RESTART;
    ::sigaction(signal, &action, nullptr);
}

int talk(chat::options& wishes)
{
    asio::io_context io;
    auto service = service_for(io.get_executor(), wishes);
    const bool vertex = service.backend == live::backend::vertex_ai;
    const bool with_key = !service.credentials.empty();
    // whoever has a key and allows plain text to other machines talks to a gateway
    bool with_emulator = is_plain(service.base_url) && !(service.allow_plain_text && with_key);
    std::optional<live::testing::emulator> emulator;
    std::string peer = vertex ? "Vertex AI" : "the Gemini API";
    if (!service.base_url.empty()) {
        peer = service.base_url;
        if (!with_key && !vertex && !with_emulator)
            throw std::runtime_error("No API key: set GOOGLE_API_KEY or GEMINI_API_KEY.");
    } else if (!with_key) {
        with_emulator = true;
    }
    const auto wrong = chat::choose_model(wishes, with_emulator);
    if (!wrong.empty()) throw std::runtime_error(wrong);
    service.tls.ca_file = wishes.ca;
    if (with_emulator && service.base_url.empty()) {
        emulator.emplace(io.get_executor());
        service.base_url = emulator->url();
        peer = "the emulator in this program, as neither GOOGLE_API_KEY nor GEMINI_API_KEY is set";
    }
    if (!with_key && with_emulator) service.credentials = live::api_key("any");

    live::client client{io.get_executor(), service};
    asio::signal_set signals{io.get_executor(), SIGINT, SIGTERM, SIGHUP};
    signals.add(SIGQUIT); // before the terminal is changed
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) restart_calls_after(each);
    chat::terminal screen{io.get_executor()};
    if (screen.interactive() || emulator) screen.notice("Talking to " + peer + ".");
    if (screen.interactive()) screen.notice("/help lists the commands, Ctrl-D leaves.");
    chat::conversation conversation{
        io.get_executor(), client, screen, signals, wishes, with_emulator};

    int exit_code = 0;
    std::exception_ptr failure;
    const auto finish = [&](std::exception_ptr thrown, int code) {
        failure = thrown;
        exit_code = code;
        io.stop(); // otherwise the emulator keeps listening
    };
    asio::co_spawn(io, conversation.run(), finish);
    io.run();
    if (failure) std::rethrow_exception(failure);
    return exit_code;
}

} // namespace

int main(int argc, char* argv[])
{
    int exit_code = 0;
    auto wishes = chat::read_options(argc, argv, exit_code);
    if (!wishes) return exit_code;
    try {
        exit_code = talk(*wishes);
        if (std::ferror(stdout) == 0) return exit_code;
        chat::complain("The answers could not be written to standard output.");
        return 1;
    } catch (const std::exception& failure) { // the terminal has been restored
        auto told = chat::in_terms_of_options(failure.what(), *wishes);
        const auto* refusal = dynamic_cast<const live::error*>(&failure);
        if (refusal && refusal->condition() == live::condition::invalid_request &&
            wishes->answers == live::modality::text && told.find("--text") == std::string::npos)
            told += " Many models only speak: leave out --text.";
        chat::complain(told);
        return 1;
    }
}
