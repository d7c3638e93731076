// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/viewer_program_test.py
#include "viewer/conversation_reader.hpp"
#include "viewer/page.hpp"

#include <gemini/live/version.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The viewer as a program.
namespace viewer = gemini::live::viewer;

namespace {

constexpr const char* usage = R"(usage: gemini-live-view [OPTION...] RECORDING > call.html

Turns what a wire_tap has recorded into a web page that shows the call: turns, words, sound and every
message. The page is one file that needs no network. It has all that the recording has, so it is as
private as the conversation.

  -o, --output FILE  write the page to FILE, readable only by you, instead of to standard output
  -h, --help         this text
      --version      the version

RECORDING may be "-": standard input.
)";

constexpr std::size_t most_bytes = 1u << 30;
constexpr std::size_t large = 64u << 20; // from here on, progress is told

[[noreturn]] void leave(const std::string& sentence)
{
    fmt::print(stderr, "gemini-live-view: {}\n", sentence);
    std::exit(2); // NOLINT(concurrency-mt-unsafe)
}

struct program_options {
    std::string recording{};
    std::string output{};
};

program_options read_options(int argc, char** argv)
{
    enum { version = 256 };
    const option known[]{{"output", required_argument, nullptr, 'o'},
        {"help", no_argument, nullptr, 'h'}, {"version", no_argument, nullptr, version},
        {nullptr, 0, nullptr, 0}};
    program_options options;
    for (int each = 0; (each = getopt_long(argc, argv, "o:h", known, nullptr)) != -1;) {
        switch (each) {
        case 'o': options.output = optarg; break;
        case 'h': fmt::print("{}", usage); std::exit(0); // NOLINT
        case version:
            fmt::print("gemini-live-view {}\n", gemini::live::version());
            std::exit(0); // NOLINT
        default: leave("see --help.");
        }
    }
    if (optind + 1 != argc) leave("one recording is needed; see --help.");
    options.recording = argv[optind];
    if (options.output.empty() && ::isatty(STDOUT_FILENO) != 0)
        leave("the page goes to standard output: add \"> call.html\", or -o call.html.");
    return options;
}

using file_handle = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string content_of(const std::string& path)
{
    const bool is_input = path == "-";
    const file_handle file(is_input ? stdin : std::fopen(path.c_str(), "r"), &std::fclose);
    if (!file) leave(fmt::format("{} cannot be read: {}.", path, std::strerror(errno))); // NOLINT
    std::string content;
    std::vector<char> block(1u << 20);
    for (std::size_t size = 1; size != 0;) {
        size = std::fread(block.data(), 1, block.size(), file.get());
        content.append(block.data(), size);
        if (content.size() > most_bytes)
            leave(fmt::format("{} is too long: {} bytes are the most.", path, most_bytes));
    }
    if (std::ferror(file.get()) != 0)
        leave(fmt::format("{} cannot be read: {}.", path, std::strerror(errno))); // NOLINT
    return content;
}

/// Where the page goes. A file becomes private, a device stays as it is.
file_handle open_output(const std::string& path)
{
    if (path.empty()) return {stdout, &std::fclose};
    const int file =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    struct stat about {};
    if (file < 0 || ::fstat(file, &about) != 0 ||
        (S_ISREG(about.st_mode) && ::fchmod(file, S_IRUSR | S_IWUSR) != 0))
        leave(fmt::format("{} cannot be written: {}.", path, std::strerror(errno))); // NOLINT
    return {::fdopen(file, "w"), &std::fclose};
}

/// Tells how far the reading of a large file is, on standard error.
class progress {
public:
    explicit progress(std::size_t total) : total_(total) {}

    void tell(std::size_t done)
    {
        const auto percent = done * 100 / std::max<std::size_t>(total_, 1);
        if (total_ < large || percent < next_) return;
        fmt::print(stderr, "gemini-live-view: {} % of {} MB\n", percent, total_ >> 20);
        next_ = percent + 10;
    }

private:
    std::size_t total_;
    std::size_t next_ = 10;
};

struct recording {
    viewer::conversation shown;
    std::vector<std::string_view> texts; ///< Of its lines that are not blank.
};

recording read_recording(std::string_view content)
{
    viewer::conversation_reader reader;
    std::vector<std::string_view> texts;
    progress told(content.size());
    std::size_t number = 0;
    for (std::size_t at = 0; at < content.size();) {
        const auto end = std::min(content.find('\n', at), content.size());
        const auto line = content.substr(at, end - at);
        ++number;
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        reader.read(number, line);
        texts.push_back(line);
        told.tell(at);
    }
    return {std::move(reader).take(), std::move(texts)};
}

std::string_view file_name(std::string_view path)
{
    return path == "-" ? "recording.jsonl" : path.substr(path.rfind('/') + 1);
}

} // namespace

int main(int argc, char** argv)
{
    const auto options = read_options(argc, argv);
    try {
        const auto content = content_of(options.recording);
        if (content.find_first_not_of(" \t\r\n") == std::string::npos)
            leave(fmt::format("{} is empty: nothing was recorded.", options.recording));
        const auto [shown, texts] = read_recording(content);
        if (shown.unreadable == shown.lines.size()) {
            leave(fmt::format(
                "{} is not a recording of a wire_tap: of its {} lines, none is one of a "
                "recording. The first: {}",
                options.recording, texts.size(), shown.lines.front().summary));
        }
        if (shown.unreadable != 0)
            fmt::print(stderr,
                "gemini-live-view: {} of {} lines cannot be read; the page shows which.\n",
                shown.unreadable, shown.lines.size());
        auto file = open_output(options.output);
        viewer::write_page(
            [&](std::string_view piece) { std::fwrite(piece.data(), 1, piece.size(), file.get()); },
            shown, texts, file_name(options.recording));
        const bool written = std::ferror(file.get()) == 0;
        if (std::fclose(file.release()) != 0 || !written)
            leave("the page could not be written: is the disk full?");
    } catch (const std::exception& failed) {
        leave(failed.what());
    }
    return 0;
}
