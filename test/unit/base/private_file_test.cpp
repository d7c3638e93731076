// SPDX-License-Identifier: Apache-2.0
#include "base/private_file.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace private_file_test {

namespace fs = std::filesystem;
namespace base = gemini::live::base;
using gemini::live::errc;

namespace {

struct folder {
    folder()
    {
        auto form = (fs::temp_directory_path() / "gemini-live-XXXXXX").string();
        if (::mkdtemp(form.data())) path = form;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { fs::remove_all(path); }

    fs::path path;
};

template <class Function>
errc failure_of(Function function)
{
    try {
        function();
    } catch (const gemini::live::error& failure) {
        return failure.value();
    }
    throw std::logic_error("it has not failed");
}

bool is_for_owner_only(const fs::path& path)
{
    const auto others = fs::perms::group_all | fs::perms::others_all;
    return (fs::status(path).permissions() & others) == fs::perms::none;
}

} // namespace

TEST_CASE("a file of the longest size is read, a longer one is refused")
{
    const folder here;
    const auto path = here.path / "file";
    base::replace_private_file(path, "12345678");
    CHECK(base::read_file(path, 8) == "12345678");
    CHECK(failure_of([&] { static_cast<void>(base::read_file(path, 7)); }) == errc::storage_failed);
    CHECK_FALSE(base::read_file(here.path / "absent", 8));
}

TEST_CASE("a file that cannot be replaced leaves no temporary file")
{
    const folder here;
    const auto path = here.path / "directory";
    fs::create_directory(path);
    CHECK(failure_of([&] { base::replace_private_file(path, "text"); }) == errc::storage_failed);
    CHECK(std::distance(fs::directory_iterator(here.path), {}) == 1);
}

TEST_CASE("a private log is readable by its owner only, even if the file existed before")
{
    const folder here;
    const auto path = here.path / "log";
    std::ofstream(path) << "old";
    fs::permissions(path, fs::perms::owner_all | fs::perms::others_read);
    base::private_log(path).write("new");
    CHECK(is_for_owner_only(path));
    CHECK(base::read_file(path, 8) == "new\n");
}

TEST_CASE("a held lock is waited for, for a second")
{
    const folder here;
    const auto path = here.path / "lock";
    const base::file_lock held(path);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(failure_of([&] { base::file_lock another(path); }) == errc::storage_failed);
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::seconds(1));
}

} // namespace private_file_test
