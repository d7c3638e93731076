// SPDX-License-Identifier: Apache-2.0
#include "conversation.hpp"

#include "tools.hpp"

#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <csignal>
#include <system_error>
#include <utility>

namespace chat {
namespace live = gemini::live;
using namespace asio::experimental::awaitable_operators;
namespace {

constexpr std::chrono::seconds twice_within{2};
constexpr auto default_audio_file = "answers.wav";

} // namespace

conversation::conversation(asio::any_io_executor executor, live::client client, terminal& screen,
    options wishes, bool with_emulator)
    : executor_(std::move(executor)), client_(std::move(client)), screen_(screen),
      wishes_(std::move(wishes)), with_emulator_(with_emulator), session_(new_session()),
      signals_(executor_, SIGINT, SIGTERM, SIGHUP), answer_complete_(executor_), second_(executor_)
{
    signals_.add(SIGQUIT);
    if (!screen_.interactive()) return;
    signals_.add(SIGTSTP);
    signals_.add(SIGWINCH);
}

std::shared_ptr<live::session> conversation::new_session() const
{
    live::setup setup{.model = wishes_.model};
    setup.response_modalities = wishes_.answers;
    if (!wishes_.voice.empty()) setup.voice = wishes_.voice;
    setup.functions = tool_declarations();
    if (!wishes_.system.empty()) setup.system_instruction.emplace(wishes_.system);
    if (wishes_.answers == live::modality::audio) setup.output_audio_transcription.emplace();
    return std::make_shared<live::session>(client_, std::move(setup));
}

asio::awaitable<int> conversation::run()
{
    co_await (keyboard() || model() || signals()); // the first to return ends the others
    if (failure_) std::rethrow_exception(failure_);
    screen_.status("");
    if (player_) player_->stop();
    co_await session_->close();
    co_return exit_code_;
}

// What the user wants ------------------------------------------------------------------------

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
    // To send is to interrupt: the server stops the answer that is being given.
    muted_ = begun_;
    answering_ = true;
    if (player_) player_->stop();
    screen_.end_answer();
    if (session_->status() == live::status::connected) screen_.status("…");
    try {
        co_await session_->send(text);
        said_.add("you", text);
    } catch (const live::error& refused) {
        if (refused.value() != live::errc::invalid_argument) throw; // model() tells
        screen_.notice(refused.what());
        answering_ = begun_;
    }
}

asio::awaitable<void> conversation::answer_complete()
{
    while (answering_) {
        std::error_code woken;
        answer_complete_.expires_at(clock::time_point::max());
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
    case command::wrong: screen_.notice(wish.argument); break;
    }
}

asio::awaitable<void> conversation::begin_again(std::string instruction)
{
    stop_answer();
    end_answer();
    screen_.notice("A new conversation begins.");
    wishes_.system = std::move(instruction);
    said_.clear();
    const auto old = std::exchange(session_, new_session());
    co_await old->close(); // its stream ends, and model() goes on with the new one
}

void conversation::audio_on(const std::string& file)
{
    audio_off();
    if (wishes_.answers != live::modality::audio) {
        screen_.notice("Written answers cannot be heard: start without --text.");
        return;
    }
    auto program = audio_player::find_program();
    if (file.empty() && program) {
        screen_.notice("Answers are played through " + program->front() + ".");
        player_.emplace(executor_, std::move(*program));
        return;
    }
    const std::string to = file.empty() ? default_audio_file : file;
    try {
        file_.emplace(to);
        screen_.notice(
            (file.empty() ? "Found none of aplay, paplay and ffplay: answers" : "Answers") +
            std::string(" are written to ") + to + ".");
    } catch (const std::system_error& failed) {
        screen_.notice("Cannot write " + std::string(failed.what()) + "; name another file.");
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
        said_.save(file);
        screen_.notice("The conversation is in " + file + ".");
    } catch (const std::system_error& failed) {
        screen_.notice("Cannot write " + std::string(failed.what()) + "; name another file.");
    }
}

void conversation::stop_answer()
{
    if (player_) player_->stop();
    if (!answering_ || std::exchange(muted_, true)) return;
    screen_.status("");
    screen_.notice("stopped");
}

bool conversation::leave_on_interrupt()
{
    const auto now = clock::now();
    const auto before = std::exchange(interrupted_, now);
    if (!screen_.interactive() || (before && now - *before < twice_within)) return true;
    if (answering_ && !muted_) {
        stop_answer();
    } else {
        if (player_) player_->stop();
        screen_.clear_typed();
        screen_.status("Ctrl-C again leaves");
    }
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

// What the model and its connection do -------------------------------------------------------

asio::awaitable<void> conversation::model()
{
    try {
        for (std::shared_ptr<live::session> present; present != session_;) {
            present = session_;
            // How it goes is told by the events.
            asio::co_spawn(executor_, present->connect(), [](std::exception_ptr) {});
            auto events = present->events();
            while (auto event = co_await next_of(events)) {
                if (auto* message = std::get_if<live::server_message>(&*event))
                    co_await take(std::move(*message));
                else if (const auto* change = std::get_if<live::status_change>(&*event))
                    show(*change);
                else if (const auto* skipped = std::get_if<live::malformed_message>(&*event))
                    screen_.notice(skipped->why.what());
            }
        }
    } catch (const live::error&) { // to return ends the other coroutines, to throw would not
        failure_ = std::current_exception();
    }
}

/// The next event; counts the seconds down while there is none before another attempt.
asio::awaitable<std::optional<live::session_event>> conversation::next_of(event_stream& events)
{
    while (next_attempt_) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(*next_attempt_ - clock::now());
        const auto nth = " (attempt " + std::to_string(attempt_) + ")";
        if (left.count() <= 0) {
            next_attempt_.reset();
            screen_.status("connecting…" + (attempt_ > 1 ? nth : ""));
            break;
        }
        screen_.status("reconnecting in " + std::to_string(left.count()) + " s" + nth);
        second_.expires_at(*next_attempt_ - left + std::chrono::seconds(1));
        auto first = co_await (events.next() || second_.async_wait(asio::use_awaitable));
        if (first.index() == 0) co_return std::get<0>(std::move(first));
    }
    co_return co_await events.next();
}

void conversation::show(const live::status_change& change)
{
    next_attempt_.reset();
    switch (change.to) {
    case live::status::connecting:
    case live::status::reconnecting:
        if ((begun_ || change.turn_cut) && !muted_)
            screen_.notice(begun_ ? "The answer was cut off; ask again."
                                  : "The question was lost with the connection; ask again.");
        if (begun_ || change.turn_cut) end_answer();
        if (change.cause && change.delay.count() != 0) tell_cause(*change.cause);
        attempt_ = change.attempt;
        next_attempt_ = clock::now() + change.delay;
        break;
    case live::status::connected:
        cause_.clear();
        screen_.status(answering_ ? "…" : "");
        if (change.from == live::status::connecting) {
            if (screen_.interactive()) screen_.notice("connected to " + wishes_.model);
        } else if (change.handover) {
            screen_.notice("moved to a new connection; the conversation goes on");
        } else if (change.resumed) {
            screen_.notice(change.replayed == 0
                               ? "connected again; the conversation goes on"
                               : "connected again; what was not answered is asked again");
        } else {
            screen_.notice("connected again; the model has forgotten what was said");
        }
        break;
    case live::status::disconnected:
    case live::status::closed:
    case live::status::error: screen_.status(""); break;
    }
}

/// Why the connection was lost: once, however many attempts fail for the same reason.
void conversation::tell_cause(const live::error& cause)
{
    if (cause_ == cause.what()) return;
    cause_ = cause.what();
    screen_.notice(cause_);
}

asio::awaitable<void> conversation::take(live::server_message message)
{
    show(message);
    if (!message.function_calls().empty()) co_await run_tools(message);
}

void conversation::show(const live::server_message& message)
{
    if (message.all().usage_metadata) usage_ = message.all().usage_metadata;
    const auto text = message.text() + std::string(message.output_transcription());
    if (!text.empty() || !message.audio().empty()) {
        answering_ = begun_ = true;
        if (!muted_) {
            screen_.status("");
            if (!text.empty()) screen_.answer(text);
            said_.append("model", text);
            hear(message.audio());
        }
    }
    if (const auto& leaving = message.all().go_away) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(leaving->time_left);
        screen_.notice("The server ends this connection in " + std::to_string(left.count()) +
                       " s; the session will move to another.");
    }
    if (const auto& error = message.all().error)
        screen_.notice("The server says: " + error->message);
    if (message.interrupted()) {
        if (player_) player_->stop();
        cut_in_ = true;
    }
    if (message.turn_complete()) end_answer();
}

asio::awaitable<void> conversation::run_tools(const live::server_message& message)
{
    std::vector<live::function_response> responses;
    for (const auto& call : message.function_calls()) {
        auto result = run_tool(call);
        screen_.notice("⚙ " + result.summary);
        responses.push_back(std::move(result.response));
    }
    co_await session_->send_tool_response(std::move(responses));
}

void conversation::hear(std::span<const std::byte> pcm)
{
    if (file_) file_->write(pcm);
    if (!player_) return;
    player_->play(pcm);
    if (!player_->has_failed()) return;
    screen_.notice(
        player_->name() + " cannot play here; /audio on answers.wav writes the answers.");
    player_.reset();
}

void conversation::end_answer()
{
    screen_.end_answer();
    show_usage();
    if (file_) file_->flush();
    if (player_) player_->finish();
    answering_ = begun_ = muted_ = cut_in_ = false;
    answer_complete_.cancel();
}

/// The line below an answer.
void conversation::show_usage()
{
    const auto usage = std::exchange(usage_, std::nullopt);
    if (!screen_.interactive() || (!usage && !cut_in_)) return;
    std::string line = cut_in_ ? "  interrupted" : "";
    if (usage) {
        line += (cut_in_ ? " · " : "  ") + std::to_string(usage->prompt_token_count) + " in · " +
                std::to_string(usage->response_token_count) + " out tokens";
    }
    screen_.notice(line);
    if (!cut_in_) screen_.gap();
}

} // namespace chat
