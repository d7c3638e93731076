// SPDX-License-Identifier: Apache-2.0
#include "conversation.hpp"

#include "tools.hpp"

#include <asio/co_spawn.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace chat {
namespace live = gemini::live;
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

std::string words_of(const std::exception_ptr& thrown)
{
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& why) {
        return why.what();
    }
}

std::string in_seconds(std::chrono::nanoseconds time)
{
    return std::to_string(std::chrono::ceil<seconds>(time).count()) + " s";
}

/// Expands `~` in a file name, as a shell would.
std::filesystem::path path_of(const std::string& typed)
{
    const char* home = std::getenv("HOME");
    if (home && typed.starts_with("~/")) return std::filesystem::path(home) / typed.substr(2);
    return typed;
}

} // namespace

conversation::conversation(asio::any_io_executor executor, live::client client, terminal& screen,
    asio::signal_set& signals, options wishes, bool with_emulator)
    : executor_(std::move(executor)), client_(std::move(client)), screen_(screen),
      wishes_(std::move(wishes)), with_emulator_(with_emulator),
      servers_(executor_, wishes_.mcp,
          {[&screen](const std::string& text) { screen.notice(text); },
              [this](const std::string& text) { tell(text); }, [this] { change_tools(); }}),
      signals_(signals), answer_(!screen.interactive()), answer_complete_(executor_),
      silence_(executor_), tick_(executor_)
{
    if (!screen_.interactive()) return;
    signals_.add(SIGTSTP);
    signals_.add(SIGWINCH);
}

std::shared_ptr<live::session> conversation::new_session() const
{
    live::setup setup{.model = wishes_.model};
    const bool speaks = wishes_.answers == live::modality::audio;
    setup.response_modalities = {wishes_.answers};
    if (!wishes_.voice.empty()) setup.voice = wishes_.voice;
    setup.functions = tools_.declarations();
    if (!wishes_.system.empty()) setup.system_instruction.emplace(wishes_.system);
    if (live::quirks_of(wishes_.model).needs_thinking)
        setup.thinking_config = live::thinking_config{.thinking_level = live::thinking_level::low};
    if (speaks) setup.output_audio_transcription.emplace();
    return std::make_shared<live::session>(client_, std::move(setup));
}

asio::awaitable<int> conversation::run()
{
    try {
        co_await live::race(converse(), signals()); // the first to end ends the other
    } catch (...) {
        if (!failure_) failure_ = std::current_exception();
    }
    tick_.cancel();
    silence_.cancel();
    if (failure_) std::rethrow_exception(failure_);
    screen_.status("");
    if (player_) player_->stop();
    co_await leave();
    co_return exit_code_;
}

asio::awaitable<void> conversation::converse()
{
    refresh();
    co_await servers_.start();
    tools_ = tools_now();
    adopt(new_session());
    co_await live::race(keyboard(), model());
}

/// Ends the session and the tools, which may take time; an impatient user presses Ctrl-C again.
asio::awaitable<void> conversation::leave()
{
    const auto end = [](conversation& self) -> asio::awaitable<void> {
        if (self.session_) co_await self.session_->close();
        co_await self.servers_.close();
    };
    co_await live::race(end(*this), signals_.async_wait(asio::use_awaitable));
}

live::toolset conversation::tools_now()
{
    auto tools = make_tools(
        [this](const std::string& call) { screen_.notice("⚙ " + call, terminal::tone::tool); });
    servers_.add_tools(tools);
    return tools;
}

void conversation::change_tools()
{
    if (!session_) return; // they are still being asked
    tools_ = tools_now();
    dispatcher_->set_tools(tools_);
    std::vector<live::tool> all;
    all.emplace_back(tools_.declarations());
    const auto sent = [this, kept = session_](std::exception_ptr refused) {
        if (refused) tell("The model goes on with the tools it had: " + words_of(refused));
    };
    live::context_update update(std::move(all));
    asio::co_spawn(executor_, session_->send_context_update(std::move(update)), sent);
}

std::shared_ptr<live::session> conversation::adopt(std::shared_ptr<live::session> fresh)
{
    live::tool_dispatcher_options options;
    options.on_event = [this](const live::tool_event& event) { show(event); };
    dispatcher_.reset();
    dispatcher_.emplace(*fresh, tools_, options);
    return std::exchange(session_, std::move(fresh));
}

// What the user wants ---------------------------------------------------------------------------

asio::awaitable<void> conversation::keyboard()
{
    while (!leaving_) {
        if (!screen_.interactive()) co_await answer_complete();
        auto line = co_await screen_.read_line();
        if (!line) break;
        auto wish = read_request(*line, with_emulator_);
        if (wish.what != command::none)
            co_await obey(std::move(wish));
        else if (!wish.argument.empty())
            co_await say(std::move(wish.argument));
    }
}

asio::awaitable<void> conversation::say(std::string text)
{
    // Sending interrupts: the server stops the present answer.
    const auto before = answer_;
    answer_.ask();
    asked_at_ = clock::now();
    hint_until_.reset();
    if (player_) player_->stop();
    screen_.end_answer();
    refresh();
    try {
        co_await session_->send(text);
        said_.add("you", text);
    } catch (const live::error& refused) {
        if (refused.value() != live::errc::invalid_argument) co_return; // model() reports it
        tell(refused.what());
        answer_ = before;
        refresh();
    }
}

asio::awaitable<void> conversation::answer_complete()
{
    while (answer_.is_open()) {
        std::error_code woken;
        answer_complete_.expires_at(clock::time_point::max());
        co_await answer_complete_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    // The next question, or the end, would cut off what is still being played.
    while (player_ && player_->is_playing()) {
        std::error_code woken;
        answer_complete_.expires_after(50ms);
        co_await answer_complete_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

asio::awaitable<void> conversation::obey(request wish)
{
    switch (wish.what) {
    case command::none: break;
    case command::help: screen_.notice(help_text(with_emulator_)); break;
    case command::quit: leaving_ = true; break;
    case command::audio_on: audio_on(wish.argument); break;
    case command::audio_off:
        audio_off();
        screen_.notice("Answers are shown only.");
        break;
    case command::system: co_await begin_again(std::move(wish.argument)); break;
    case command::save: save(wish.argument); break;
    case command::wrong: tell(wish.argument); break;
    }
}

asio::awaitable<void> conversation::begin_again(std::string instruction)
{
    auto instruction_before = std::exchange(wishes_.system, std::move(instruction));
    std::shared_ptr<live::session> fresh;
    try {
        fresh = new_session();
    } catch (const live::error& refused) {
        wishes_.system = std::move(instruction_before);
        auto why = in_terms_of_options(refused.what(), wishes_);
        if (why.starts_with("--")) why.erase(0, 1).front() = '/'; // not an option of the user
        tell(why);
        co_return;
    }
    stop_answer();
    end_answer(exchange::outcome::interrupted, true);
    answer_ = exchange(!screen_.interactive());
    screen_.notice("A new conversation begins.");
    said_.clear();
    const auto old = adopt(std::move(fresh));
    co_await old->close(); // its stream ends, and model() continues with the new session
}

void conversation::audio_on(const std::string& file)
{
    if (wishes_.answers != live::modality::audio) {
        tell("Written answers cannot be heard: start without --text.");
        return;
    }
    if (file.empty()) {
        auto program = audio_player::find_program();
        if (!program) {
            tell("Found none of aplay, paplay and ffplay to play with: install one, or name a "
                 "file for the answers: /audio on answers.wav");
            return;
        }
        audio_off();
        screen_.notice("Answers are played through " + program->front() + ".");
        player_.emplace(executor_, std::move(*program));
        return;
    }
    audio_off();
    try {
        file_.emplace(path_of(file));
        screen_.notice("Answers are written to " + file + ".");
    } catch (const std::system_error& failed) {
        tell_unwritable(file, failed);
    }
}

void conversation::audio_off()
{
    player_.reset();
    if (file_) file_->flush();
    file_.reset();
}

void conversation::save(const std::string& file)
{
    try {
        said_.save(path_of(file));
        screen_.notice("The conversation is in " + file + ".");
    } catch (const std::system_error& failed) {
        tell_unwritable(file, failed);
    }
}

void conversation::tell_unwritable(const std::string& file, const std::system_error& why)
{
    tell("Cannot write " + file + ": " + why.code().message() + "; name another file.");
}

void conversation::stop_answer()
{
    if (player_) player_->stop();
    if (!answer_.stop()) return;
    // Not awaited: the rest of the answer is not shown. The session lives as long as this takes.
    asio::co_spawn(executor_, session_->stop_speaking(), [kept = session_](std::exception_ptr) {});
    screen_.notice("stopped");
    refresh();
}

bool conversation::leave_on_interrupt()
{
    if (!screen_.interactive()) return true;
    const auto now = clock::now();
    switch (ctrl_c_.press(now, screen_.was_touched(), answer_.can_stop())) {
    case ctrl_c::meaning::leave: return true;
    case ctrl_c::meaning::stop: stop_answer(); return false;
    case ctrl_c::meaning::drop_line: break;
    }
    if (player_) player_->stop();
    screen_.clear_typed();
    hint_until_ = now + ctrl_c::twice_within;
    refresh();
    return false;
}

asio::awaitable<void> conversation::signals()
{
    for (;;) {
        const int signal = co_await signals_.async_wait(asio::use_awaitable);
        if (signal == SIGWINCH) {
            screen_.resize();
        } else if (signal == SIGTSTP) {
            screen_.stop();
        } else if (signal != SIGINT || leave_on_interrupt()) {
            if (signal != SIGINT || !screen_.interactive()) exit_code_ = 128 + signal;
            co_return;
        }
    }
}

// What the model and its connection do -----------------------------------------------------------

asio::awaitable<void> conversation::model()
{
    try {
        for (std::shared_ptr<live::session> present; present != session_;) {
            present = session_;
            // Progress is reported by the events.
            asio::co_spawn(executor_, present->connect(), [](std::exception_ptr) {});
            auto events = present->events();
            while (auto event = co_await events.next()) {
                if (present != session_) continue; // an event of the previous conversation
                take(std::move(*event));
            }
        }
    } catch (const live::error& failure) {
        const bool is_told = failure.what() == loss_;
        const auto why = is_told
                             ? "It did not get better: gave up after " + std::to_string(attempt_) +
                                   (attempt_ == 1 ? " attempt." : " attempts.")
                             : in_terms_of_options(failure.what(), wishes_);
        failure_ = std::make_exception_ptr(live::error(failure.value(), why, failure.details()));
    }
}

void conversation::take(live::session_event event)
{
    if (const auto* message = std::get_if<live::server_message>(&event)) {
        show(*message);
    } else if (const auto* change = std::get_if<live::status_change>(&event)) {
        show(*change);
    } else if (const auto* skipped = std::get_if<live::malformed_message>(&event)) {
        tell(skipped->why.what());
        if (skipped->turn_in_doubt) answer_.hear_nonsense();
    } else if (std::holds_alternative<live::memory_doubtful>(event)) {
        tell("The model may have forgotten what was said before.");
    }
    refresh();
}

void conversation::show(const live::status_change& change)
{
    next_attempt_.reset();
    connected_ = change.to == live::session_status::connected;
    const auto how = change.handover ? exchange::change::handover : exchange::change::loss;
    switch (change.to) {
    case live::session_status::connecting:
    case live::session_status::reconnecting:
        cause_ = change.cause ? in_terms_of_options(change.cause->what(), wishes_) : "";
        if (change.from == live::session_status::connected && change.cause) {
            loss_ = change.cause->what();
            screen_.end_answer();
            if (change.delay.count() != 0) tell(loss_);
        }
        conclude(answer_.reconnect(how, change.ask_again));
        attempt_ = change.attempt;
        next_attempt_ = clock::now() + change.delay;
        break;
    case live::session_status::connected:
        conclude(answer_.reconnect(how, change.ask_again));
        cause_.clear();
        loss_.clear();
        if (change.from == live::session_status::connecting) {
            if (screen_.interactive()) screen_.notice("connected to " + wishes_.model);
        } else if (change.handover) {
            screen_.notice("moved to a new connection; the conversation goes on");
        } else if (change.resumed) {
            screen_.notice(change.replayed == 0
                               ? "connected again; the conversation goes on"
                               : "connected again; what was not answered is asked again");
        } else if (change.restored) {
            screen_.notice("connected again; the model was told what was said");
        } else {
            tell("connected again; the model has forgotten what was said");
        }
        break;
    case live::session_status::disconnected:
    case live::session_status::closed:
    case live::session_status::failed: break;
    }
}

void conversation::show(const live::server_message& message)
{
    if (message.members().usage_metadata) usage_ = message.members().usage_metadata;
    const auto text = message.text() + std::string(message.output_transcription());
    if (!answer_.is_muted() && (!text.empty() || !message.audio().empty())) {
        screen_.status("");
        if (!text.empty()) screen_.answer(text);
        said_.append("model", text);
        hear(message.audio());
    }
    if (const auto& leaving = message.members().go_away) {
        screen_.notice("The server ends this connection in " + in_seconds(leaving->time_left) +
                       "; the session will move to another.");
    }
    if (const auto& error = message.members().error) tell("The server says: " + error->message);
    if (message.interrupted() && player_) player_->stop();
    const auto& content = message.members().server_content;
    if (content && !content->turn_complete_reason.empty())
        reason_ = content->turn_complete_reason.name();
    const bool was_stopped = answer_.is_muted();
    const auto how = answer_.hear({
        .speaks = !message.text().empty() || !message.audio().empty(),
        .transcribes = !message.output_transcription().empty(),
        .calls = !message.function_calls().empty(),
        .interrupted = message.interrupted(),
        .turn_complete = message.turn_complete() || (content && content->waiting_for_input),
        .has_error = message.members().error.has_value(),
    });
    conclude(how, was_stopped);
}

void conversation::show(const live::tool_event& event)
{
    if (event.what != live::tool_event::kind::ended) return;
    const bool is_answered = event.ending == live::call_ending::answered;
    if (is_answered && !servers_.have(event.name)) return; // this program's own are shown in full
    screen_.notice("⚙ " + event.name + ": " + to_string(event.ending) + " after " +
                       std::to_string(event.duration.count()) + " ms",
        terminal::tone::tool);
}

void conversation::hear(std::span<const std::byte> pcm)
{
    if (file_) file_->write(pcm);
    if (!player_) return;
    player_->play(pcm);
    if (!player_->has_failed()) return;
    tell(player_->name() + " cannot play here; /audio on answers.wav writes the answers.");
    player_.reset();
}

/// Reports how an answer has ended.
void conversation::conclude(exchange::outcome how, bool was_stopped)
{
    using enum exchange::outcome;
    if (how == none) return;
    screen_.end_answer();
    const auto reason = std::exchange(reason_, {});
    switch (how) {
    case none: return;
    case repeated: tell("The answer was cut off."); return;
    case answered:
    case interrupted: break;
    case empty:
        tell("The model said nothing" + (reason.empty() ? "" : " (" + reason + ")") +
             "; ask again.");
        break;
    case failed: tell("No whole answer has come; ask again."); break;
    case silent:
        tell("The server has said nothing for " + in_seconds(longest_silence) + "; ask again.");
        break;
    case cut: tell("The answer was cut off; ask again."); break;
    case lost: tell("The question was lost with the connection; ask again."); break;
    }
    if (how != answered && !screen_.interactive() && exit_code_ == 0) exit_code_ = 1;
    end_answer(how, was_stopped);
}

void conversation::end_answer(exchange::outcome how, bool was_stopped)
{
    screen_.end_answer();
    const bool interrupted = how == exchange::outcome::interrupted;
    if (interrupted || !was_stopped) show_usage(interrupted && !was_stopped);
    usage_.reset();
    if (file_) file_->flush();
    if (player_) player_->finish();
    answer_complete_.cancel();
}

/// The line below an answer.
void conversation::show_usage(bool interrupted)
{
    const auto usage = std::exchange(usage_, std::nullopt);
    if (!screen_.interactive() || (!usage && !interrupted)) return;
    std::string line = interrupted ? "  interrupted" : "";
    if (usage) {
        line += (interrupted ? " · " : "  ") + std::to_string(usage->prompt_token_count) +
                " in · " + std::to_string(usage->response_token_count) + " out tokens";
    }
    screen_.notice(line);
    if (!answer_.is_open()) screen_.gap();
}

void conversation::tell(std::string_view trouble)
{
    screen_.notice(in_terms_of_options(std::string(trouble), wishes_), terminal::tone::trouble);
}

// Status -----------------------------------------------------------------------------------------

void conversation::refresh()
{
    show_status();
    watch_silence();
}

/// Once a second while a time is shown.
void conversation::show_status()
{
    if (!screen_.interactive()) return;
    const auto now = clock::now();
    std::optional<clock::time_point> changes;
    std::string shown;
    const auto nth = " (attempt " + std::to_string(attempt_) + ")";
    if (hint_until_ && now < *hint_until_) {
        shown = "Ctrl-C again leaves";
        changes = hint_until_;
    } else if (next_attempt_ && now < *next_attempt_) {
        const auto left = std::chrono::ceil<seconds>(*next_attempt_ - now);
        shown = "reconnecting in " + in_seconds(left) + nth;
        changes = *next_attempt_ - left + 1s;
    } else if (!connected_) {
        shown = "connecting…" + (attempt_ > 1 ? nth : "");
    } else if (answer_.is_waited_for()) {
        const auto waited = std::chrono::floor<seconds>(now - asked_at_);
        shown = waited < 2s ? "…" : "… " + in_seconds(waited);
        if (waited >= 5s) shown += " · Ctrl-C stops";
        changes = asked_at_ + waited + 1s;
    }
    if (!connected_ && !cause_.empty() && !shown.starts_with("Ctrl-C")) shown += " · " + cause_;
    screen_.status(shown);
    tick_.cancel();
    if (!changes) return;
    tick_.expires_at(*changes);
    tick_.async_wait([this](std::error_code stopped) {
        if (!stopped && clock::now() >= tick_.expiry()) show_status();
    });
}

void conversation::watch_silence()
{
    silence_.cancel();
    const auto patience = answer_.patience();
    if (!patience || !connected_) return;
    silence_.expires_after(*patience);
    silence_.async_wait([this](std::error_code stopped) {
        if (stopped || clock::now() < silence_.expiry()) return; // a message has arrived meanwhile
        conclude(answer_.hear_silence());
        refresh();
    });
}

} // namespace chat
