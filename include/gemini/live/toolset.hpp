// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/async_generator.hpp>
#include <gemini/live/content.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/json.hpp>
#include <gemini/live/parameter.hpp>
#include <gemini/live/tool.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// What a function returns to the model. Wire: FunctionResponse.
struct tool_result {
    /// An object. Its member `output` is the result, its member `error` a failure; without either,
    /// the whole object is the result.
    json response{};
    std::vector<function_response_part> parts{}; ///< Files and bytes that `response` refers to.
    /// When the model reacts. Absent: as `function_options::scheduling` says.
    open_enum<live::scheduling> scheduling{};

    /// Says that the function has done its work.
    tool_result();
    // NOLINTBEGIN(google-explicit-constructor)
    /// An object is the response itself; any other value becomes its `output`.
    tool_result(json value);
    /// The `output` of the response. Throws errc::invalid_argument if it is not UTF-8.
    tool_result(std::string_view output);
    tool_result(const std::string& output) : tool_result(std::string_view(output)) {}
    tool_result(const char* output) : tool_result(std::string_view(output)) {}
    /// The `output` of the response. Throws errc::invalid_argument if it is not finite.
    template <class Number>
    requires std::is_arithmetic_v<Number> tool_result(Number output)
        : tool_result(json::object().add("output", output))
    {
    }
    // NOLINTEND(google-explicit-constructor)

    /// The function has failed. `why` is for the model, which may read it to the user.
    [[nodiscard]] static tool_result failure(std::string_view why);

    // Models repeat a call whose result tells them nothing, up to five times in a row. These
    // results say what to do instead, in the words that Google recommends for Gemini 3.8.

    /// Nothing was found, and the same arguments will find nothing again. `message` says what was
    /// looked for.
    [[nodiscard]] static tool_result no_results(std::string_view message);
    /// The arguments make no sense. `valid_options` are those that would; may be empty.
    [[nodiscard]] static tool_result invalid_argument(
        std::string_view message, const std::vector<std::string>& valid_options = {});
    /// The function may succeed later. `hint` says when or how to call it again.
    [[nodiscard]] static tool_result try_again(std::string_view message, std::string_view hint);
};

/// A call of a function, for its handler. Derive from it to try a handler without a session.
class running_call {
public:
    running_call() = default;
    running_call(const running_call&) = delete;
    running_call& operator=(const running_call&) = delete;
    virtual ~running_call() = default;

    /// The call as the server made it.
    [[nodiscard]] virtual const function_call& request() const noexcept = 0;

    /// Sends a part of the answer; more follow, and what the handler returns is the last. For
    /// functions for which the model does not wait. Gemini API only. Wire:
    /// functionResponses[].willContinue.
    ///
    /// Completion: when the message has been accepted into the session's outbox. At once, and
    /// nothing is sent, if the call has been answered in another way, such as by its deadline.
    /// Errors: errc::invalid_argument for what cannot be sent, such as a response that is no
    /// object, or any part on Vertex AI; errc::closed after `session::close`; what ended the
    /// session if it has failed.
    /// Cancellation: a part is accepted whole or not at all.
    /// Threads: any; one call at a time.
    [[nodiscard]] virtual asio::awaitable<void> report(tool_result part) = 0;
};

/// A function of a toolset. Every member but the name has a default.
struct function_options {
    std::string name;          ///< As `function_declaration::name`.
    std::string description{}; ///< Tells the model what the function does, and when to call it.
    /// The arguments, as an object. Absent: those of the handler's struct, if it accepts one.
    std::optional<schema> parameters{};
    /// A JSON Schema of the arguments, which is sent unchanged. Excludes `parameters`. Arguments
    /// are checked as far as `schema` can express it.
    std::optional<json> parameters_json_schema{};
    open_enum<live::behavior> behavior{}; ///< Absent: the model's default.
    std::optional<schema> response{};     ///< The result.
    /// When the model reacts to the answer of a non-blocking function. An answer may have its own.
    open_enum<live::scheduling> scheduling{};
    /// The time from the call to its answer; above zero. Absent:
    /// `tool_dispatcher_options::deadline`.
    std::optional<std::chrono::milliseconds> deadline{};
    /// Number of calls of this function that run at a time; others wait. 1 or more. Absent: as
    /// many as `tool_dispatcher_options::at_once` allows.
    std::optional<std::size_t> at_once{};
    /// Where the handler runs, such as `asio::thread_pool::get_executor()` for one that blocks or
    /// computes for long. The pool must outlive the calls. Empty: on the dispatcher's executor.
    asio::any_io_executor run_on{};
    gcc12_guard<function_options> guard{}; ///< Do not touch.
};

namespace detail {

/// Starts a call. What it throws itself is the fault of the arguments; what its result throws is a
/// failure of the function.
using erased_handler =
    std::function<asio::awaitable<tool_result>(const json& arguments, running_call& call)>;

struct [[gnu::visibility("hidden")]] tool_function;

template <class... T>
struct list {
};

/// What a handler returns and accepts.
template <class Handler>
struct signature : signature<decltype(&Handler::operator())> {
};
template <class Result, class... Arguments>
struct signature<Result (*)(Arguments...)> {
    using result = Result;
    using arguments = list<std::remove_cvref_t<Arguments>...>;
};
template <class Result, class... Arguments>
struct signature<Result (*)(Arguments...) noexcept> : signature<Result (*)(Arguments...)> {
};
template <class Owner, class Result, class... Arguments>
struct signature<Result (Owner::*)(Arguments...)> : signature<Result (*)(Arguments...)> {
};
template <class Owner, class Result, class... Arguments>
struct signature<Result (Owner::*)(Arguments...) const> : signature<Result (*)(Arguments...)> {
};
template <class Owner, class Result, class... Arguments>
struct signature<Result (Owner::*)(Arguments...) noexcept> : signature<Result (*)(Arguments...)> {
};
template <class Owner, class Result, class... Arguments>
struct signature<Result (Owner::*)(Arguments...) const noexcept>
    : signature<Result (*)(Arguments...)> {
};

template <class T>
struct awaited {
    static constexpr bool is_awaitable = false;
};
template <class T>
struct awaited<asio::awaitable<T>> {
    static constexpr bool is_awaitable = true;
    using type = T;
};
template <class T>
struct is_generator : std::false_type {
};
template <class T>
struct is_generator<async_generator<T>> : std::true_type {
};

/// Ends the answer of a generator, all of whose elements have been sent.
[[nodiscard]] tool_result end_of_parts();

/// Calls a handler and awaits what it returns. `start` is called on the handler's executor.
template <class Start>
asio::awaitable<tool_result> run_handler(Start start, running_call& call)
{
    using returned = std::invoke_result_t<Start&>;
    if constexpr (is_generator<returned>::value) {
        auto parts = start();
        while (auto part = co_await parts.next()) {
            tool_result result(std::move(*part));
            co_await call.report(std::move(result));
        }
        co_return end_of_parts();
    } else if constexpr (awaited<returned>::is_awaitable) {
        auto running = start();
        if constexpr (std::is_void_v<typename awaited<returned>::type>) {
            co_await std::move(running);
            co_return tool_result();
        } else {
            auto value = co_await std::move(running);
            co_return tool_result(std::move(value));
        }
    } else if constexpr (std::is_void_v<returned>) {
        start();
        co_return tool_result();
    } else {
        co_return tool_result(start());
    }
}

/// Returns the arguments as the handler accepts them.
template <class Arguments>
[[nodiscard]] Arguments convert(const json& arguments)
{
    if constexpr (std::same_as<Arguments, json>)
        return arguments;
    else
        return read<Arguments>(argument(arguments));
}

template <class Handler>
asio::awaitable<tool_result> start(Handler& handler, const json&, running_call& call, list<>)
{
    return run_handler([&handler] { return handler(); }, call);
}
template <class Handler>
asio::awaitable<tool_result> start(
    Handler& handler, const json&, running_call& call, list<running_call>)
{
    return run_handler([&handler, &call] { return handler(call); }, call);
}
template <class Handler, class Arguments>
asio::awaitable<tool_result> start(
    Handler& handler, const json& arguments, running_call& call, list<Arguments>)
{
    auto converted = convert<Arguments>(arguments);
    return run_handler(
        [&handler, converted = std::move(converted)]() mutable {
            return handler(std::move(converted));
        },
        call);
}
template <class Handler, class Arguments>
asio::awaitable<tool_result> start(
    Handler& handler, const json& arguments, running_call& call, list<Arguments, running_call>)
{
    auto converted = convert<Arguments>(arguments);
    return run_handler(
        [&handler, &call, converted = std::move(converted)]() mutable {
            return handler(std::move(converted), call);
        },
        call);
}

/// The struct that a handler accepts; void if it accepts none.
template <class Arguments>
struct described {
    using type = void;
};
template <has_parameters First, class... Rest>
struct described<list<First, Rest...>> {
    using type = First;
};

} // namespace detail

/// Functions that a model may call, with what runs for each call. A `tool_dispatcher` runs them:
///
///     live::toolset tools;
///     tools.add({.name = "get_weather", .description = "The weather now.", .deadline = 5s},
///         [](weather_query about) -> asio::awaitable<live::json> { … });
///     live::session session(client, {.model = model, .functions = tools.declarations()});
///     live::tool_dispatcher dispatcher(session, tools);
///
/// Threads: one toolset may be read from several threads at once. A copy that was given to a
/// dispatcher does not change when functions are added later.
class toolset {
public:
    /// Adds a function, and returns this toolset.
    ///
    /// A handler accepts, in this order, each optional: a struct that describes itself (see
    /// `has_parameters`) or the arguments as `json`, and a `running_call&`. It returns
    /// `asio::awaitable<T>`, an `async_generator<T>` whose elements are parts of the answer, or, if
    /// it need not wait, a plain `T`. `T` is void, or anything that converts to `tool_result`.
    ///
    /// Before a handler runs, the arguments are checked against the schema. What it throws becomes
    /// an answer with the `error` `what()`, which the model may read to the user.
    ///
    /// The handler is copied, lives as long as any of its calls, and may run for several calls and
    /// sessions at once: it may be a lambda with captures that is a coroutine, if its captures
    /// allow this. Throws errc::invalid_argument for a name that is taken or that the service does
    /// not accept, for `parameters` together with `parameters_json_schema`, for parameters that are
    /// no object, and for a number out of its range.
    template <class Handler>
    toolset& add(function_options options, Handler handler)
    {
        using arguments = typename detail::signature<std::decay_t<Handler>>::arguments;
        using described = typename detail::described<arguments>::type;
        if constexpr (!std::is_void_v<described>) {
            if (!options.parameters && !options.parameters_json_schema)
                options.parameters = schema_of<described>();
        }
        add_erased(std::move(options), [handler = std::decay_t<Handler>(std::move(handler))](
                                           const json& given, running_call& call) mutable {
            return detail::start(handler, given, call, arguments());
        });
        return *this;
    }

    /// For `setup::functions` and `context_update`, in the order in which they were added.
    [[nodiscard]] std::vector<function_declaration> declarations() const;

    /// Number of functions.
    [[nodiscard]] std::size_t size() const noexcept { return functions_.size(); }

private:
    friend struct access;

    void add_erased(function_options options, detail::erased_handler handler);

    std::vector<std::shared_ptr<const detail::tool_function>> functions_{};
};

} // namespace gemini::live
#pragma GCC visibility pop
