// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <histedit.h>

namespace chat {

/// One line at a time, edited by libedit at the cursor, with a history that outlives the program.
/// Never blocks for input: call `feed()` when there is some. Writes to `stdout` and flushes it. The
/// terminal is restored while suspended and after destruction.
class line_editor {
public:
    /// `prompt` may contain colors between '\1' marks. Starts suspended.
    line_editor(std::string prompt, std::filesystem::path history);
    line_editor(const line_editor&) = delete;
    line_editor& operator=(const line_editor&) = delete;
    ~line_editor();

    enum class outcome { editing, line, end_of_input };
    /// Reads one key, which must be available.
    outcome feed();

    /// The line typed so far, and the part before the cursor.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string before_cursor() const;

    void remember(const std::string& line);

    /// Restores the terminal; drops the typed line.
    void suspend();
    /// Draws the prompt and continues with `text`.
    void resume(const std::string& text);
    /// Draws prompt and line again at the cursor.
    void redraw();
    /// Checks whether the terminal has another size. `redraw()` is to follow.
    void resize();

private:
    static char* prompt_of(EditLine* editor);
    static int read_character(EditLine* editor, wchar_t* character);

    std::string prompt_;
    std::filesystem::path history_file_;
    History* history_;
    EditLine* editor_;
};

/// Returns the file of this program's history: in `XDG_STATE_HOME`, else ~/.local/state. Empty when
/// there is no such directory.
[[nodiscard]] std::filesystem::path history_file();

} // namespace chat
