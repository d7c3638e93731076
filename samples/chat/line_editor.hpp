// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <histedit.h>

namespace chat {

/// One line at a time, edited by libedit at the place of the cursor, with a history that outlives
/// the program. Never waits for input: it is fed when there is some. Writes to `stdout` and
/// flushes it. The terminal is as it was before while suspended and after destruction.
class line_editor {
public:
    /// `prompt` may hold colours between '\1' marks. Starts suspended.
    line_editor(std::string prompt, std::filesystem::path history);
    line_editor(const line_editor&) = delete;
    line_editor& operator=(const line_editor&) = delete;
    ~line_editor();

    enum class outcome { editing, line, end_of_input };
    /// Takes one key, which must be there to be read.
    outcome feed();

    /// The line as it is typed so far, and the part before the cursor.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string before_cursor() const;

    void remember(const std::string& line);

    /// Gives the terminal back; the line that was typed is dropped.
    void suspend();
    /// Draws the prompt and goes on with `text`.
    void resume(const std::string& text);
    /// Draws prompt and line again, where the cursor is.
    void redraw();
    /// Looks whether the terminal has another size. `redraw()` is to follow.
    void resize();

private:
    static char* prompt_of(EditLine* editor);
    static int read_character(EditLine* editor, wchar_t* character);

    std::string prompt_;
    std::filesystem::path history_file_;
    History* history_;
    EditLine* editor_;
};

/// Where this program keeps its history: in `XDG_STATE_HOME`, else ~/.local/state. Empty when there
/// is no such place.
[[nodiscard]] std::filesystem::path history_file();

} // namespace chat
