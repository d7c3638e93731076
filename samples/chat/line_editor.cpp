// SPDX-License-Identifier: Apache-2.0
#include "line_editor.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace chat {
namespace {

constexpr int lines_to_remember = 1000;
constexpr char end_of_input_key = 'D' - '@';

/// Bytes of one key arrive together. The Escape key is recognized by nothing following it.
constexpr int key_patience_ms = 30;

} // namespace

line_editor::line_editor(std::string prompt, std::filesystem::path history)
    : prompt_(std::move(prompt)), history_file_(std::move(history)), history_(::history_init()),
      editor_(::el_init("gemini-live-chat", stdin, stdout, stderr))
{
    if (!history_ || !editor_) throw std::runtime_error("libedit cannot use this terminal.");
    HistEvent event{};
    ::history(history_, &event, H_SETSIZE, lines_to_remember);
    ::history(history_, &event, H_SETUNIQUE, 1);
    if (!history_file_.empty()) ::history(history_, &event, H_LOAD, history_file_.c_str());

    ::el_set(editor_, EL_CLIENTDATA, this);
    ::el_set(editor_, EL_PROMPT_ESC, &line_editor::prompt_of, '\1');
    ::el_set(editor_, EL_EDITOR, "emacs");
    ::el_set(editor_, EL_HIST, ::history, history_);
    ::el_set(editor_, EL_GETCFN, &line_editor::read_character);
    // Ctrl-R searches for lines that contain the present one. libedit's incremental search, like
    // the others here, blocks for further keys, and would hold up everything else.
    ::el_set(editor_, EL_BIND, "^R", "ed-search-prev-history", nullptr);
    ::el_set(editor_, EL_BIND, "^S", "ed-search-next-history", nullptr);
    ::el_set(editor_, EL_BIND, "^V", "ed-unassigned", nullptr);
    ::el_set(editor_, EL_BIND, "^[x", "ed-unassigned", nullptr);
    ::el_set(editor_, EL_BIND, "^[X", "ed-unassigned", nullptr);
    ::el_set(editor_, EL_BIND, "\\e[1;5C", "em-next-word", nullptr); // Ctrl and an arrow
    ::el_set(editor_, EL_BIND, "\\e[1;5D", "ed-prev-word", nullptr);
    ::el_set(editor_, EL_BIND, "\\e[3~", "ed-delete-next-char", nullptr);
}

line_editor::~line_editor()
{
    suspend();
    HistEvent event{};
    if (!history_file_.empty()) ::history(history_, &event, H_SAVE, history_file_.c_str());
    ::el_end(editor_);
    ::history_end(history_);
}

char* line_editor::prompt_of(EditLine* editor)
{
    void* self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    return static_cast<line_editor*>(self)->prompt_.data();
}

int line_editor::read_character(EditLine*, wchar_t* character)
{
    std::mbstate_t state{};
    for (;;) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        char byte = 0;
        if (::poll(&input, 1, key_patience_ms) <= 0) return 0;
        if (::read(STDIN_FILENO, &byte, 1) != 1) return 0;
        switch (std::mbrtowc(character, &byte, 1, &state)) {
        case static_cast<std::size_t>(-2): continue; // the next byte belongs to the same character
        case static_cast<std::size_t>(-1): *character = L'?'; return 1;
        default: return 1;
        }
    }
}

line_editor::outcome line_editor::feed()
{
    int size = 0;
    const char* line = ::el_gets(editor_, &size);
    if (!line || size <= 0) return outcome::editing;
    if (size == 1 && line[0] == end_of_input_key) return outcome::end_of_input;
    return line[size - 1] == '\n' || line[size - 1] == '\r' ? outcome::line : outcome::editing;
}

std::string line_editor::text() const
{
    const LineInfo* line = ::el_line(editor_);
    std::string typed(line->buffer, line->lastchar);
    while (!typed.empty() && (typed.back() == '\n' || typed.back() == '\r')) typed.pop_back();
    return typed;
}

std::string line_editor::before_cursor() const
{
    const LineInfo* line = ::el_line(editor_);
    return {line->buffer, line->cursor};
}

void line_editor::remember(const std::string& line)
{
    HistEvent event{};
    ::history(history_, &event, H_ENTER, line.c_str());
}

void line_editor::suspend() { ::el_set(editor_, EL_UNBUFFERED, 0); }

void line_editor::resume(const std::string& text)
{
    ::el_set(editor_, EL_UNBUFFERED, 1);
    if (text.empty()) return;
    ::el_insertstr(editor_, text.c_str());
    std::fputs("\r", stdout); // over the prompt
    redraw();
}

void line_editor::redraw() { ::el_set(editor_, EL_REFRESH); }

void line_editor::resize() { ::el_resize(editor_); }

std::filesystem::path history_file()
{
    namespace fs = std::filesystem;
    fs::path folder;
    if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state)
        folder = state;
    else if (const char* home = std::getenv("HOME"); home && *home)
        folder = fs::path(home) / ".local" / "state";
    else
        return {};
    folder /= "gemini-live";
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) return {};
    fs::permissions(folder, fs::perms::owner_all, failed);
    return folder / "chat_history";
}

} // namespace chat
