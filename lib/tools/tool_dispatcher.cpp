// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/tool_dispatcher.hpp>

#include "async/alarm.hpp"
#include "async/event.hpp"
#include "async/spawn.hpp"
#include "async/strand.hpp"
#include "base/access.hpp"
#include "base/excerpt.hpp"
#include "protocol/calling_rules.hpp"
#include "protocol/schema_check.hpp"
#include "session/session_core.hpp"
#include "session/session_observer.hpp"
#include "tools/call_queue.hpp"
#include "tools/tool_function.hpp"

#include <asio/cancellation_signal.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

namespace gemini::live {
namespace {

using function_ptr = std::shared_ptr<const detail::tool_function>;
using std::chrono::milliseconds;

constexpr std::string_view shutting_down = "The application is shutting down.";

std::string name_of(const function_ptr& function) { return function->options.name; }

/// Names of the functions that a setup declares.
std::set<std::string, std::less<>> declared_in(const setup& setup)
{
    std::set<std::string, std::less<>> names;
    for (const auto& each : setup.functions) names.insert(each.name);
    for (const auto& tool : setup.tools)
        for (const auto& each : tool.function_declarations) names.insert(each.name);
    return names;
}

void check(const tool_dispatcher_options& options)
{
    const auto refuse = [](std::string_view why) {
        throw error(errc::invalid_argument, fmt::format("tool_dispatcher_options::{}.", why));
    };
    if (options.at_once == 0) refuse("at_once is 0: no function could ever run");
    if (options.deadline.count() <= 0) refuse("deadline must be above zero");
}

/// Refuses what would have no effect with this model, or end its connections.
void check(const detail::tool_function& function, const session_core& session)
{
    const auto& options = function.options;
    const auto refuse = [&](std::string_view why) {
        throw error(errc::invalid_argument, fmt::format("The function {} {}", options.name, why));
    };
    if (!session.validates()) return;
    if (options.behavior == behavior::non_blocking &&
        session.quirks().calling == calling::blocking_only)
        refuse("is non_blocking, but the model always waits for its functions.");
    if (options.scheduling.empty()) return;
    if (!session.quirks().takes_scheduling)
        refuse("has a scheduling, which the model does not accept.");
    if (protocol::awaits_response(session.quirks().calling, options.behavior))
        refuse("has a scheduling, but the model waits for it: set its behavior to non_blocking.");
}

std::string words_of(const std::exception_ptr& thrown)
{
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& failure) {
        return base::excerpt(failure.what());
    } catch (...) {
        return "The function has failed.";
    }
}

std::string words_of(const std::vector<schema_mismatch>& faults, const std::string& function)
{
    std::string all = fmt::format("The arguments of {} do not match its parameters.", function);
    for (const auto& [path, what] : faults)
        all += fmt::format(" {} {}.", path.empty() ? "The object" : path, what);
    return all;
}

} // namespace

/// Works on the session's executor, which is a strand.
class tool_dispatcher::impl : public session_observer, public std::enable_shared_from_this<impl> {
public:
    impl(std::shared_ptr<session_core> session, const toolset& tools,
        tool_dispatcher_options options)
        : session_(std::move(session)), executor_(session_->client()->connector->executor()),
          options_(std::move(options)), left_to_reader_(declared_in(session_->setup())),
          queue_(options_.at_once, options_.waiting)
    {
        check(options_);
        set_tools(tools);
    }

    void attach() { session_->observe(shared_from_this()); }
    /// Call when the owner has gone.
    void detach() noexcept;
    void set_tools(const toolset& tools);
    static asio::awaitable<void> shut_down(
        std::shared_ptr<impl> self, milliseconds deadline, std::size_t& cut_off);
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }

    // The session's observer, on any thread.
    void saw(const session_event& event, bool is_of_left) override;
    void saw_end() noexcept override;
    [[nodiscard]] bool answers(const function_call& made) const override
    {
        const bool is_piece = made.will_continue || !made.partial_args.empty() || made.name.empty();
        const std::lock_guard held(mutex_);
        return !is_piece && !left_to_reader_.contains(made.name);
    }

private:
    struct call;
    using call_ptr = std::shared_ptr<call>;
    using functions = std::vector<function_ptr>;
    using functions_ptr = std::shared_ptr<const functions>;
    /// What a message means for the calls.
    struct news {
        std::vector<function_call> calls{};
        std::vector<std::string> canceled{};
        std::vector<std::string> forgotten{};
        bool interrupted = false;
        bool is_of_left = false; ///< As in `saw`.
    };

    void post(std::function<void(impl&)> work);
    void guarded(const std::function<void(impl&)>& work) noexcept;
    void hear(const news& what);
    void hear_call(const function_call& made);
    void hear_lost_call(const function_call& made);
    void hear_end();
    void run_next();
    void start(const call_ptr& which);
    void begin(const call_ptr& which, asio::awaitable<tool_result> work);
    void run_out(std::uint64_t number);
    static asio::awaitable<void> run(call_ptr which, asio::awaitable<tool_result> work);
    void handler_ended(const call_ptr& which);
    void release(const call& which);
    void end_by_id(const std::string& id, call_ending how);
    void end(call_ptr which, call_ending how, const std::optional<tool_result>& answer,
        std::exception_ptr cause = {});
    void answer(const call_ptr& which, call_ending how, const tool_result& answer,
        std::exception_ptr cause = {});
    struct pending_answer;
    static asio::awaitable<void> send(std::shared_ptr<impl> self,
        std::shared_ptr<pending_answer> pending, function_response response);
    static asio::awaitable<void> accept(
        const impl& self, pending_answer& pending, function_response response);
    enum class which_calls { all, waiting };
    std::size_t cut_off(which_calls which);
    [[nodiscard]] milliseconds limit_of(const call& which) const;
    [[nodiscard]] open_enum<scheduling> scheduling_of(
        const call& which, const tool_result& answer) const;
    [[nodiscard]] functions_ptr functions_now() const;
    [[nodiscard]] tool_event event_of(const call& which, call_ending how) const;
    void report(const tool_event& event) const;
    void report_end(pending_answer& which) const;
    void changed();
    [[nodiscard]] base::time_point now() const { return session_->client()->clock->now(); }

    const std::shared_ptr<session_core> session_;
    const asio::any_io_executor executor_;
    const tool_dispatcher_options options_;
    mutable std::mutex mutex_; // guards the next two
    functions_ptr functions_{};
    std::set<std::string, std::less<>> left_to_reader_;
    tools::call_queue queue_;
    std::map<std::uint64_t, call_ptr> calls_{}; // until their handlers have ended
    std::uint64_t calls_made_ = 0;
    std::vector<std::shared_ptr<pending_answer>> sending_{};
    bool is_shut_down_ = false;
    std::vector<async::event*> watchers_{}; // shutdowns that wait
};

/// A call, from its arrival until its handler has ended.
struct tool_dispatcher::impl::call final : public running_call {
    call(std::weak_ptr<impl> at, std::shared_ptr<session_core> of, function_call made,
        base::time_point when)
        : home(std::move(at)), session(std::move(of)), what(std::move(made)), arrived(when)
    {
    }

    [[nodiscard]] const function_call& request() const noexcept override { return what; }
    asio::awaitable<void> report(tool_result part) override;
    /// Cancels the handler.
    void cancel(const std::shared_ptr<call>& self)
    {
        if (runs)
            async::post(where, [self] { self->stop.emit(asio::cancellation_type::terminal); });
    }
    [[nodiscard]] function_response response(const tool_result& answer) const
    {
        function_response made(what, answer.response);
        made.parts = answer.parts;
        made.scheduling = answer.scheduling;
        return made;
    }

    /// Call when the handler has ended, on the dispatcher's executor.
    void ended();

    const std::weak_ptr<impl> home;
    const std::shared_ptr<session_core> session;
    const function_call what;
    const base::time_point arrived;
    std::uint64_t number = 0;
    function_ptr function{};
    std::optional<async::alarm> deadline{};
    std::atomic<bool> is_open = true; // it has no final answer yet
    bool is_interrupted = false;      // the user has interrupted the model since

    bool runs = false;
    base::time_point started{};
    asio::any_io_executor where{};
    asio::cancellation_signal stop{};
    // What the handler has returned or thrown; on its executor until it has ended.
    std::optional<tool_result> result{};
    std::exception_ptr failure{};
    async::member_call<call> ended_call{&call::ended};
};

/// An answer that waits for room in the outbox.
struct tool_dispatcher::impl::pending_answer {
    tool_event event; ///< What is reported when it is there.
    base::time_point arrived{};
    asio::cancellation_signal stop{};
    bool is_reported = false;
};

void tool_dispatcher::impl::call::ended()
{
    const auto self = home.lock();
    if (!self) return;
    self->guarded([this](impl& self) {
        const auto found = self.calls_.find(number);
        if (found != self.calls_.end()) self.handler_ended(call_ptr(found->second));
    });
}

asio::awaitable<void> tool_dispatcher::impl::call::report(tool_result part)
{
    if (!is_open) co_return;
    auto next = response(part);
    next.will_continue = true;
    if (!session->quirks().takes_scheduling) next.scheduling = {};
    std::vector<function_response> all;
    all.push_back(std::move(next));
    try {
        co_await session_core::send_tool_response(session, std::move(all));
    } catch (const error&) {
        if (is_open) throw;
    }
}

void tool_dispatcher::impl::saw(const session_event& event, bool is_of_left)
{
    news what;
    what.is_of_left = is_of_left;
    if (const auto* message = std::get_if<server_message>(&event)) {
        const auto calls = message->function_calls();
        what.calls.assign(calls.begin(), calls.end());
        if (const auto& canceled = message->members().tool_call_cancellation;
            canceled && !is_of_left)
            what.canceled = canceled->ids;
        what.interrupted = message->interrupted() && !is_of_left;
    } else if (const auto* change = std::get_if<status_change>(&event)) {
        what.forgotten = change->forgotten_calls;
    }
    if (what.calls.empty() && what.canceled.empty() && what.forgotten.empty() && !what.interrupted)
        return;
    post([what = std::move(what)](impl& self) { self.hear(what); });
}

void tool_dispatcher::impl::saw_end() noexcept
try {
    post([](impl& self) { self.hear_end(); });
} catch (const std::bad_alloc&) { // the deadlines still end what runs
}

void tool_dispatcher::impl::post(std::function<void(impl&)> work)
{
    async::post(
        executor_, [self = shared_from_this(), work = std::move(work)] { self->guarded(work); });
}

/// A call that cannot be answered for lack of memory would keep the model waiting: the session
/// ends.
void tool_dispatcher::impl::guarded(const std::function<void(impl&)>& work) noexcept
{
    try {
        work(*this);
    } catch (...) {
        session_->fail_with(std::current_exception());
    }
}

void tool_dispatcher::impl::hear(const news& what)
{
    for (const auto& id : what.forgotten) {
        end_by_id(id, call_ending::forgotten);
        queue_.forget(id);
    }
    for (const auto& id : what.canceled) end_by_id(id, call_ending::canceled);
    if (what.interrupted)
        for (const auto& [number, each] : calls_) each->is_interrupted = true;
    for (const auto& each : what.calls)
        if (what.is_of_left)
            hear_lost_call(each);
        else
            hear_call(each);
    run_next();
}

void tool_dispatcher::impl::hear_call(const function_call& made)
{
    if (!answers(made)) return;
    const auto which = std::make_shared<call>(weak_from_this(), session_, made, now());
    const auto& name = which->what.name;
    const auto refuse = [&](call_ending how, std::string_view why) {
        if (!queue_.refuse(which->what.id)) return report(event_of(*which, call_ending::repeated));
        answer(which, how, tool_result::failure(why));
    };
    if (is_shut_down_) return refuse(call_ending::shut_down, shutting_down);
    const auto functions = functions_now();
    const auto found = std::find_if(functions->begin(), functions->end(),
        [&](const function_ptr& each) { return each->options.name == name; });
    if (found == functions->end()) {
        std::vector<std::string> names;
        std::transform(functions->begin(), functions->end(), std::back_inserter(names), name_of);
        return refuse(call_ending::unknown_function,
            fmt::format("There is no function {}. There are: {}.", json_quote(base::excerpt(name)),
                names.empty() ? "none" : fmt::to_string(fmt::join(names, ", "))));
    }
    which->function = *found;
    which->number = ++calls_made_;
    using admission = tools::call_queue::admission;
    switch (queue_.admit(which->number, which->what.id, name, which->function->options.at_once)) {
    case admission::repeated: return report(event_of(*which, call_ending::repeated));
    case admission::refused:
        return answer(which, call_ending::overloaded,
            tool_result::failure(
                fmt::format("Too many functions are running. Call {} again later.", name)));
    case admission::accepted: break;
    }
    calls_.emplace(which->number, which);
    which->deadline.emplace(executor_, session_->client()->clock,
        base::later(which->arrived, limit_of(*which)),
        [home = weak_from_this(), number = which->number] {
            const auto self = home.lock();
            if (self) self->guarded([number](impl& self) { self.run_out(number); });
        });
}

/// The server forgets the call, unless it has made it before.
void tool_dispatcher::impl::hear_lost_call(const function_call& made)
{
    if (!answers(made)) return;
    const auto how = queue_.is_known(made.id) ? call_ending::repeated : call_ending::forgotten;
    report(event_of(call(weak_from_this(), session_, made, now()), how));
}

void tool_dispatcher::impl::run_next()
{
    while (const auto number = queue_.next()) {
        const auto which = calls_.at(*number);
        start(which);
    }
}

void tool_dispatcher::impl::start(const call_ptr& which)
{
    const auto& function = *which->function;
    which->started = now();
    const auto refuse = [&](std::string_view why, std::exception_ptr cause) {
        end(which, call_ending::invalid_arguments, tool_result::failure(why), std::move(cause));
        release(*which);
    };
    if (function.accepts) {
        const auto faults = protocol::check_value(*function.accepts, which->what.args);
        if (!faults.empty()) return refuse(words_of(faults, which->what.name), {});
    }
    try {
        begin(which, function.handler(which->what.args, *which));
    } catch (const error& fault) {
        refuse(fault.what(), std::current_exception());
    }
}

void tool_dispatcher::impl::begin(const call_ptr& which, asio::awaitable<tool_result> work)
{
    const auto& own = which->function->options.run_on;
    const auto& elsewhere = own ? own : options_.executor;
    which->where = elsewhere ? asio::any_io_executor(async::make_strand(elsewhere)) : executor_;
    which->runs = true;
    auto begun = event_of(*which, call_ending::answered);
    begun.what = tool_event::kind::started;
    report(begun);
    const auto done = [which, executor = executor_](
                          std::exception_ptr) { which->ended_call.post(executor, which); };
    async::spawn(which->where, run(which, std::move(work)), done, which->stop.slot());
}

asio::awaitable<void> tool_dispatcher::impl::run(call_ptr which, asio::awaitable<tool_result> work)
{
    try {
        auto result = co_await std::move(work);
        which->result = std::move(result);
    } catch (...) {
        which->failure = std::current_exception();
    }
}

void tool_dispatcher::impl::handler_ended(const call_ptr& which)
{
    which->runs = false;
    if (which->result) {
        end(which, call_ending::answered, *which->result);
    } else {
        const auto why = which->failure ? words_of(which->failure) : "The function was canceled.";
        end(which, call_ending::failed, tool_result::failure(why), which->failure);
    }
    release(*which);
    run_next();
}

void tool_dispatcher::impl::release(const call& which)
{
    queue_.ended(which.number);
    calls_.erase(which.number);
}

milliseconds tool_dispatcher::impl::limit_of(const call& which) const
{
    return which.function->options.deadline.value_or(options_.deadline);
}

void tool_dispatcher::impl::run_out(std::uint64_t number)
{
    const auto found = calls_.find(number);
    if (found == calls_.end()) return;
    const auto which = found->second;
    end(which, call_ending::timed_out,
        tool_result::failure(fmt::format(
            "{} has not finished within {} ms.", which->what.name, limit_of(*which).count())));
}

void tool_dispatcher::impl::hear_end()
{
    for (const auto number : queue_.open())
        end(calls_.at(number), call_ending::session_ended, std::nullopt);
}

void tool_dispatcher::impl::end_by_id(const std::string& id, call_ending how)
{
    if (const auto number = queue_.find(id)) end(calls_.at(*number), how, std::nullopt);
    const auto all = sending_;
    for (const auto& each : all) {
        if (each->event.id != id || std::exchange(each->is_reported, true)) continue;
        each->event.ending = how;
        report_end(*each);
        each->stop.emit(asio::cancellation_type::terminal);
    }
}

/// Ends a call, unless it has ended: its handler is canceled, and what it returns is dropped.
void tool_dispatcher::impl::end(call_ptr which, call_ending how,
    const std::optional<tool_result>& result, std::exception_ptr cause)
{
    if (!queue_.close(which->number)) return;
    which->is_open = false;
    which->deadline.reset();
    which->cancel(which);
    if (which->started == base::time_point()) calls_.erase(which->number); // it was waiting
    if (result) return answer(which, how, *result, std::move(cause));
    auto event = event_of(*which, how);
    event.cause = std::move(cause);
    report(event);
    changed();
}

void tool_dispatcher::impl::answer(
    const call_ptr& which, call_ending how, const tool_result& result, std::exception_ptr cause)
{
    auto response = which->response(result);
    response.scheduling = scheduling_of(*which, result);
    const auto pending = std::make_shared<pending_answer>();
    pending->event = event_of(*which, how);
    pending->event.cause = std::move(cause);
    pending->arrived = which->arrived;
    sending_.push_back(pending);
    async::spawn(executor_, send(shared_from_this(), pending, std::move(response)), {},
        pending->stop.slot());
}

asio::awaitable<void> tool_dispatcher::impl::send(
    std::shared_ptr<impl> self, std::shared_ptr<pending_answer> pending, function_response response)
{
    try {
        co_await accept(*self, *pending, std::move(response));
    } catch (...) { // the model would wait for ever
        pending->event.cause = std::current_exception();
        pending->event.ending = call_ending::session_ended;
        self->session_->fail_with(pending->event.cause);
    }
    if (!std::exchange(pending->is_reported, true)) self->report_end(*pending);
    std::erase(self->sending_, pending);
    self->changed();
}

/// Returns when the answer is in the outbox, or when that is known to be impossible.
asio::awaitable<void> tool_dispatcher::impl::accept(
    const impl& self, pending_answer& pending, function_response response)
{
    auto& event = pending.event;
    std::vector<function_response> all{response};
    std::optional<error> refused;
    try {
        co_await session_core::send_tool_response(self.session_, std::move(all));
    } catch (const error& thrown) {
        refused = thrown;
        event.cause = std::current_exception();
    } catch (const std::system_error&) { // canceled: it has been reported
    }
    if (refused && refused->value() == errc::invalid_argument) { // of the answer itself
        event.ending = call_ending::failed;
        const auto why = fmt::format("The result cannot be sent: {}", refused->what());
        function_response failure(
            response.id, response.name, json::object().add("error", base::excerpt(why)));
        all.assign(1, std::move(failure));
        try {
            co_await session_core::send_tool_response(self.session_, std::move(all));
        } catch (const std::system_error&) { // `cause` says enough
        }
    } else if (refused) {
        event.ending = call_ending::session_ended;
    }
}

void tool_dispatcher::impl::report_end(pending_answer& which) const
{
    which.event.duration = std::chrono::floor<milliseconds>(now() - which.arrived);
    report(which.event);
}

/// Ends the open calls, or only those that do not run. Returns how many there were.
std::size_t tool_dispatcher::impl::cut_off(which_calls which)
{
    std::size_t count = 0;
    for (const auto number : queue_.open()) {
        const auto each = calls_.at(number);
        if (which == which_calls::waiting && each->runs) continue;
        ++count;
        end(each, call_ending::shut_down, tool_result::failure(shutting_down));
    }
    return count;
}

asio::awaitable<void> tool_dispatcher::impl::shut_down(
    std::shared_ptr<impl> self, milliseconds deadline, std::size_t& cut_off)
{
    self->is_shut_down_ = true;
    async::event changed;
    bool is_late = false;
    self->watchers_.push_back(&changed);
    std::exception_ptr canceled;
    try {
        const async::alarm limit(self->executor_, self->session_->client()->clock,
            base::later(self->now(), deadline), [&] {
                is_late = true;
                changed.set();
            });
        cut_off += self->cut_off(which_calls::waiting);
        while (!self->queue_.open().empty() || !self->sending_.empty()) {
            if (std::exchange(is_late, false)) cut_off += self->cut_off(which_calls::all);
            co_await changed.wait();
        }
    } catch (const std::system_error&) {
        canceled = std::current_exception();
        cut_off += self->cut_off(which_calls::all);
    }
    std::erase(self->watchers_, &changed);
    if (canceled) std::rethrow_exception(canceled);
}

void tool_dispatcher::impl::detach() noexcept
try {
    session_->forget_observer();
    if (!session_->client()->context_is_alive()) return; // what ran has died with it
    post([](impl& self) {
        self.is_shut_down_ = true;
        self.cut_off(which_calls::all);
    });
} catch (const std::bad_alloc&) { // the deadlines still end what runs
}

open_enum<scheduling> tool_dispatcher::impl::scheduling_of(
    const call& which, const tool_result& result) const
{
    if (!session_->quirks().takes_scheduling) return {};
    if (!result.scheduling.empty()) return result.scheduling;
    if (which.is_interrupted && !session_->waits_for(which.what.name)) return scheduling::silent;
    return which.function ? which.function->options.scheduling : open_enum<scheduling>();
}

void tool_dispatcher::impl::set_tools(const toolset& tools)
{
    auto fresh = std::make_shared<const functions>(access::functions(tools));
    for (const auto& each : *fresh) check(*each, *session_);
    const std::lock_guard held(mutex_);
    for (const auto& each : *fresh) left_to_reader_.erase(each->options.name);
    functions_ = std::move(fresh);
}

tool_dispatcher::impl::functions_ptr tool_dispatcher::impl::functions_now() const
{
    const std::lock_guard held(mutex_);
    return functions_;
}

tool_event tool_dispatcher::impl::event_of(const call& which, call_ending how) const
{
    using std::chrono::floor;
    const bool has_started = which.started != base::time_point();
    tool_event event;
    event.what = tool_event::kind::ended;
    event.id = which.what.id;
    event.name = which.what.name;
    event.ending = how;
    event.duration = floor<milliseconds>(now() - which.arrived);
    event.waited =
        has_started ? floor<milliseconds>(which.started - which.arrived) : event.duration;
    return event;
}

void tool_dispatcher::impl::report(const tool_event& event) const
{
    if (options_.on_event) options_.on_event(event);
}

void tool_dispatcher::impl::changed()
{
    for (auto* each : watchers_) each->set();
}

tool_dispatcher::tool_dispatcher(
    const session_ref& session, toolset tools, tool_dispatcher_options options)
    : impl_(std::make_shared<impl>(access::core(session), tools, std::move(options)))
{
    impl_->attach();
}

tool_dispatcher::tool_dispatcher(tool_dispatcher&&) noexcept = default;

tool_dispatcher& tool_dispatcher::operator=(tool_dispatcher&& other) noexcept
{
    if (impl_ && impl_ != other.impl_) impl_->detach();
    impl_ = std::move(other.impl_);
    return *this;
}

tool_dispatcher::~tool_dispatcher()
{
    if (impl_) impl_->detach();
}

void tool_dispatcher::set_tools(const toolset& tools) { impl_->set_tools(tools); }

asio::awaitable<std::size_t> tool_dispatcher::shutdown(milliseconds deadline)
{
    const auto self = impl_;
    std::size_t cut_off = 0;
    co_await async::run_on(self->executor(), impl::shut_down(self, deadline, cut_off));
    co_return cut_off;
}

} // namespace gemini::live
