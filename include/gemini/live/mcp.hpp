// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/asio_check.hpp>
#include <gemini/live/content.hpp>
#include <gemini/live/error.hpp>
#include <gemini/live/execution_context.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/json.hpp>
#include <gemini/live/log.hpp>
#include <gemini/live/network.hpp>
#include <gemini/live/open_enum.hpp>
#include <gemini/live/secret.hpp>
#include <gemini/live/toolset.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
/// A client of the Model Context Protocol (https://modelcontextprotocol.io), for the tools of other
/// people's servers. It speaks the versions 2024-11-05 to 2025-11-25.
namespace gemini::live::mcp {

/// A server that is a program: it is started as a child process, reads requests from its standard
/// input and writes answers to its standard output, one JSON text per line.
struct stdio_server {
    /// The program, found by PATH, and its arguments: `{"npx", "-y", "@scope/server", "."}`. No
    /// shell is involved.
    std::vector<std::string> command;
    /// Variables for the child. Of our own environment it gets only HOME, LANG, LC_ALL, LOGNAME,
    /// PATH, SHELL, TERM, TMPDIR, TZ and USER, so that a server learns no key that is not meant for
    /// it.
    std::vector<std::pair<std::string, std::string>> environment{};
    /// Passes on our whole environment; `environment` is added to it.
    bool inherit_environment = false;
    std::string working_directory{}; ///< Empty: ours.
    /// How long the child has to exit after its standard input was closed, and again after SIGTERM;
    /// then it is killed. Above zero.
    std::chrono::milliseconds exit_grace{2'000};
    gcc12_guard<stdio_server> guard{}; ///< Do not touch.
};

/// A server that is reached by "streamable HTTP".
struct http_server {
    /// "https://example.com/mcp"; `http://` to this machine only, unless `allow_plain_text` is set.
    std::string url;
    secret bearer_token{}; ///< Sent as "Authorization: Bearer …". Empty: none.
    std::vector<std::pair<std::string, std::string>> headers{}; ///< Sent with every request.
    /// Permits `http://` to another machine: whoever is on the way reads the token and all calls.
    bool allow_plain_text = false;
    /// Opens a stream on which the server sends what belongs to no call, such as a changed list of
    /// tools. A server that offers none is asked once.
    bool listen = true;
    tls_options tls{};           ///< Which certificates to trust.
    proxy_options proxy{};       ///< The outbound proxy.
    live::deadlines deadlines{}; ///< Of these `resolve`, `connect`, `upgrade` and `close` apply.
    gcc12_guard<http_server> guard{}; ///< Do not touch.
};

/// A tool of a server.
struct tool {
    std::string name;                    ///< What the server calls it.
    std::string title{};                 ///< For people; may be empty.
    std::string description{};           ///< For the model; may be empty.
    json input_schema{};                 ///< A JSON Schema of an object.
    std::optional<json> output_schema{}; ///< Of `structuredContent`.
    std::optional<json> annotations{};   ///< Hints, e.g. `readOnlyHint`. Not to be relied on.
    gcc12_guard<tool> guard{};           ///< Do not touch.
    friend bool operator==(const tool&, const tool&) = default;
};

/// A tool that cannot be used.
struct refused_tool {
    std::string name; ///< Empty if it has none.
    std::string why;  ///< A sentence.
    friend bool operator==(const refused_tool&, const refused_tool&) = default;
};

/// The tools of a server.
struct tool_list {
    std::vector<tool> tools{};           ///< In the server's order.
    std::vector<refused_tool> refused{}; ///< Those whose description cannot be understood.
    gcc12_guard<tool_list> guard{};      ///< Do not touch.
    friend bool operator==(const tool_list&, const tool_list&) = default;
};

/// The result of a call, in the form of a `function_response`.
struct call_result {
    /// `{"output": …}`, with the structured content if there is any, else with the text; or
    /// `{"error": …}` if the tool reports a failure.
    json response{};
    std::vector<function_response_part> parts{}; ///< Pictures, sound and embedded files.
    bool is_error = false;                       ///< The tool reports a failure.
    gcc12_guard<call_result> guard{};            ///< Do not touch.
    friend bool operator==(const call_result&, const call_result&) = default;
};

/// How far a call is.
struct progress {
    double value = 0;              ///< Grows with each report.
    std::optional<double> total{}; ///< What `value` grows to, if it is known.
    std::string message{};         ///< For people; may be empty.
    friend bool operator==(const progress&, const progress&) = default;
};

/// How the tools of a server become functions of a toolset. Every member has a default.
struct function_rules {
    /// Put before each name, e.g. "files_": for servers whose tools have the same names.
    std::string prefix{};
    /// Returns whether a tool is wanted. Absent: all are.
    std::function<bool(const tool&)> accept{};
    open_enum<live::behavior> behavior{}; ///< Of all functions. Absent: the model's default.
    /// When the model reacts to the results of non-blocking functions.
    open_enum<live::scheduling> scheduling{};
    /// The time from a call to its answer. Absent: `client_options::call_deadline`.
    std::optional<std::chrono::milliseconds> deadline{};
    /// With behavior::non_blocking, on the Gemini API: the model hears of a call's progress, at
    /// most this often. Zero: it does not.
    std::chrono::milliseconds progress_interval{5'000};
    /// Called with the progress of each call, by the name of its function. Runs on the client's
    /// executor; must not throw.
    std::function<void(const std::string& function, const progress&)> on_progress{};
    /// Converts the schemas of arguments to the service's own form (`live::schema`), for models
    /// that do not accept JSON Schema. False: they are sent unchanged.
    bool convert_schemas = false;
    gcc12_guard<function_rules> guard{}; ///< Do not touch.
};

/// What `client::add_tools` has added.
struct added_tools {
    /// Names of functions, which may differ from those of the tools.
    std::vector<std::string> functions{};
    std::vector<refused_tool> refused{}; ///< Tools that were not added, and why.
    gcc12_guard<added_tools> guard{};    ///< Do not touch.
};

/// What a server says about itself.
struct server_info {
    std::string name{};               ///< May be empty.
    std::string version{};            ///< Its own, not that of the protocol.
    std::string protocol_version{};   ///< The one that both speak, e.g. "2025-11-25".
    std::string instructions{};       ///< How to use it, for the model; may be empty.
    bool has_tools = false;           ///< False: it offers none.
    gcc12_guard<server_info> guard{}; ///< Do not touch.
    friend bool operator==(const server_info&, const server_info&) = default;
};

/// What a client does, and its bounds. Every member has a default.
struct client_options {
    std::chrono::milliseconds connect_deadline{60'000}; ///< For a server to start and say hello.
    std::chrono::milliseconds list_deadline{30'000};    ///< For a list of tools, all its pages.
    std::chrono::milliseconds call_deadline{60'000};    ///< For a call, whatever its progress.
    std::size_t max_message = 8u << 20;                 ///< Of the server, in bytes.
    std::size_t max_tools = 512;                        ///< More than these are refused.
    std::size_t max_calls = 32; ///< That run at a time; further ones wait for their turn.
    /// A call or list after the end of the server starts it again. False: they fail.
    bool restart = true;
    /// Called when the server has changed its list of tools, with the new list. Runs on the
    /// client's executor; must not throw.
    std::function<void(const tool_list&)> on_tools_changed{};
    /// Called when the server has ended by itself, with the error that running calls get. Runs on
    /// the client's executor; must not throw.
    std::function<void(const error&)> on_ended{};
    /// Gets what the server writes to its standard error and its log messages (`mcp_server`), and
    /// what it does wrong (`mcp_trouble`). The words are the server's: they may be about anything.
    live::logger logger{};
    gcc12_guard<client_options> guard{}; ///< Do not touch.
};

class [[gnu::visibility("hidden")]] client_core;

/// A connection to one server.
///
///     live::mcp::client files(io, live::mcp::stdio_server{.command = {"npx", "-y",
///         "@modelcontextprotocol/server-filesystem", "."}});
///     const auto list = co_await files.list_tools();
///     const auto text = co_await files.call_tool("read_text_file",
///         live::json::object().add("path", "README.md"));
///
/// Requests of the server itself (sampling, elicitation, roots) are refused, except pings.
///
/// Threads: any. Lifetime: destroying it ends the connection; a child process is then asked to end
/// for as long as the execution context runs, and killed at the latest with the execution context.
class client {
public:
    /// Starts nothing. Throws errc::invalid_argument for options that can never work: no command, a
    /// malformed URL, a header with a line break, a number out of its range.
    client(asio::any_io_executor executor, stdio_server server, client_options options = {});
    client(asio::any_io_executor executor, http_server server, client_options options = {});
    /// Makes a client on the executor of an execution context.
    template <execution_context Context, class Server>
    client(Context& context, Server server, client_options options = {})
        : client(
              asio::any_io_executor(context.get_executor()), std::move(server), std::move(options))
    {
    }
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;
    ~client();

    /// Starts the server and agrees on a version. Not needed: the first list or call does so.
    ///
    /// Completion: when the server can be called; at once if it already can.
    /// Errors: errc::invalid_argument if the program cannot be started; errc::connection_lost if it
    /// ended, with its last words; errc::rejected for a version or an answer that does not fit;
    /// errc::timed_out; errc::malformed_message, errc::message_too_big; over HTTP also those of a
    /// connection, and errc::unauthorized; errc::closed after `close`.
    /// Cancellation: total; the server is ended.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<server_info> connect();

    /// Asks for all tools.
    ///
    /// Completion: when the last page has come. A server without tools has an empty list.
    /// Errors: as `connect`; errc::rejected with the server's words if it refuses.
    /// Cancellation: total.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<tool_list> list_tools();

    /// Calls a tool. `on_progress` is called on the client's executor, until the call has ended.
    ///
    /// Completion: when the result has come, also one that reports a failure.
    /// Errors: as `connect`; errc::rejected with the server's words if it refuses; errc::timed_out
    /// after `client_options::call_deadline`, of which the server is told.
    /// Cancellation: total; the server is told, and its answer is ignored.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<call_result> call_tool(
        std::string name, json arguments, std::function<void(const progress&)> on_progress = {});

    /// Adds tools to a toolset as functions, so that a `tool_dispatcher` calls them like one's own:
    ///
    ///     const auto list = co_await files.list_tools();
    ///     const auto added = files.add_tools(tools, list);
    ///
    /// Characters that a function's name cannot have become `_`. A tool is refused, and the others
    /// are added, if its name is too long or taken, or its schema is not that of an object. The
    /// functions may outlive this client; their calls then fail.
    added_tools add_tools(
        toolset& to, const tool_list& list, const function_rules& rules = {}) const;

    /// Ends the connection, in order: an HTTP session is deleted, the standard input of a child is
    /// closed. Running calls end with errc::closed.
    ///
    /// Completion: when a child has exited, or has been killed after twice
    /// `stdio_server::exit_grace`. Idempotent.
    /// Errors: none.
    /// Cancellation: total; a child is then killed.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> close();

private:
    std::shared_ptr<client_core> core_;
};

} // namespace gemini::live::mcp
#pragma GCC visibility pop
