// SPDX-License-Identifier: Apache-2.0
#include "mcp/tool_functions.hpp"

#include "async/event.hpp"
#include "base/ascii.hpp"
#include "mcp/on_executor.hpp"

#include <gemini/live/within.hpp>

#include <mutex>
#include <optional>
#include <utility>

namespace gemini::live::mcp {
namespace {

/// What a function needs to call its tool.
struct bound_tool {
    std::shared_ptr<client_core> core;
    std::string tool;
    std::string function;
    function_rules rules;

    /// Whether the model hears of progress.
    [[nodiscard]] bool reports() const noexcept
    {
        return rules.behavior == behavior::non_blocking && rules.progress_interval.count() > 0;
    }
};
using bound_pointer = std::shared_ptr<const bound_tool>;

/// The newest progress of a call, from the client's executor to the handler's.
class newest_progress {
public:
    void set(progress now)
    {
        {
            const std::lock_guard lock(mutex_);
            newest_ = std::move(now);
        }
        changed_.set();
    }
    [[nodiscard]] asio::awaitable<void> wait() { return changed_.wait(); }
    [[nodiscard]] std::optional<progress> take()
    {
        const std::lock_guard lock(mutex_);
        return std::exchange(newest_, std::nullopt);
    }

private:
    std::mutex mutex_;
    std::optional<progress> newest_{};
    async::event changed_{};
};
using progress_pointer = std::shared_ptr<newest_progress>;

tool_result part_for(const progress& now)
{
    auto part = json::object().add("progress", now.value);
    if (now.total) part.add("total", *now.total);
    if (!now.message.empty()) part.add("message", now.message);
    return part;
}

/// Tells the model of progress until it is canceled.
asio::awaitable<void> report(bound_pointer bound, progress_pointer newest, running_call& call)
{
    for (bool is_accepted = true;;) {
        co_await newest->wait();
        const auto now = newest->take();
        if (!now || !is_accepted) continue;
        auto part = part_for(*now);
        try {
            co_await call.report(std::move(part));
        } catch (const error&) { // such as on Vertex AI: the result is what matters
            is_accepted = false;
        }
        const auto& clock = bound->core->clock();
        co_await clock->sleep_until(clock->now() + bound->rules.progress_interval);
    }
}

asio::awaitable<call_result> call_and_report(bound_pointer bound, progress_pointer newest,
    asio::awaitable<call_result> calling, running_call& call)
{
    auto first = co_await live::race(std::move(calling), report(bound, newest, call));
    co_return std::get<0>(std::move(first)); // a report never ends by itself
}

asio::awaitable<tool_result> call_function(bound_pointer bound, json arguments, running_call& call)
{
    const auto newest = std::make_shared<newest_progress>();
    std::function<void(const progress&)> on_progress;
    if (bound->reports() || bound->rules.on_progress) {
        on_progress = [bound, newest](const progress& now) {
            if (bound->rules.on_progress) bound->rules.on_progress(bound->function, now);
            if (bound->reports()) newest->set(now);
        };
    }
    auto calling =
        on_executor(bound->core->executor(), client_core::call_tool(bound->core, bound->tool,
                                                 std::move(arguments), std::move(on_progress)));
    if (bound->reports()) calling = call_and_report(bound, newest, std::move(calling), call);
    auto result = co_await std::move(calling);
    tool_result answer(std::move(result.response));
    answer.parts = std::move(result.parts);
    co_return answer;
}

function_options options_for(const tool& from, const function_rules& rules, const client_core& core)
{
    function_options options;
    options.name = function_name(rules.prefix, from.name);
    options.description = from.description.empty() ? from.title : from.description;
    options.behavior = rules.behavior;
    options.scheduling = rules.scheduling;
    options.deadline = rules.deadline.value_or(core.options().call_deadline);
    // The service wants an object without properties to be left out.
    const bool has_arguments = from.input_schema.find_size("/properties").value_or(0) != 0;
    if (!has_arguments) return options;
    if (rules.convert_schemas)
        options.parameters = schema(from.input_schema);
    else
        options.parameters_json_schema = from.input_schema;
    return options;
}

} // namespace

std::string function_name(std::string_view prefix, std::string_view tool)
{
    auto name = std::string(prefix).append(tool);
    for (auto& each : name)
        if (!base::consists_of({&each, 1}, "_.:-")) each = '_';
    const bool begins = !name.empty() && base::consists_of({name.data(), 1}, "_") &&
                        (name[0] < '0' || name[0] > '9');
    if (!begins) name.insert(0, 1, '_');
    return name;
}

added_tools add_functions(toolset& to, const std::shared_ptr<client_core>& core,
    const tool_list& list, const function_rules& rules)
{
    added_tools all;
    all.refused = list.refused;
    for (const auto& each : list.tools) {
        if (rules.accept && !rules.accept(each)) continue;
        if (each.input_schema.find_string("/type") != "object") {
            all.refused.push_back({each.name, "Its inputSchema is not that of an object."});
            continue;
        }
        try {
            auto options = options_for(each, rules, *core);
            auto name = options.name;
            const auto bound =
                std::make_shared<const bound_tool>(bound_tool{core, each.name, name, rules});
            to.add(std::move(options), [bound](json arguments, running_call& call) {
                return call_function(bound, std::move(arguments), call);
            });
            all.functions.push_back(std::move(name));
        } catch (const error& why) {
            if (why.value() != errc::invalid_argument) throw;
            all.refused.push_back({each.name, why.what()});
        }
    }
    return all;
}

} // namespace gemini::live::mcp
