// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/error.hpp>
#include <gemini/live/resumption_store.hpp>

#include "support/catch.hpp"
#include "support/run.hpp"

#include <asio/io_context.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace resumption_store_test {

using namespace gemini::live;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A directory that is removed with its contents.
class scratch {
public:
    scratch()
    {
        auto form = (fs::temp_directory_path() / "gemini-live-XXXXXX").string();
        if (::mkdtemp(form.data())) path = form;
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() { fs::remove_all(path); }

    fs::path path;
};

const resumption_record::time_point came{1'790'000'000'123ms};
auto now = came; // NOLINT

const resumption_clock tell_time = [] { return now; };

std::optional<resumption_record> load(resumption_store& store, std::string name)
{
    asio::io_context io;
    return test::run(io, store.load(std::move(name)));
}

void save(resumption_store& store, std::string name, std::string handle,
    std::chrono::milliseconds life = resumption_handle_life)
{
    asio::io_context io;
    test::run(io, store.save(std::move(name), {std::move(handle), now, "gemini-3.8-live"}, life));
}

void erase(resumption_store& store, std::string name)
{
    asio::io_context io;
    test::run(io, store.erase(std::move(name)));
}

std::optional<error> failure_of(const std::function<void()>& work)
{
    try {
        work();
    } catch (const error& thrown) {
        return thrown;
    }
    return std::nullopt;
}

mode_t mode_of(const fs::path& path)
{
    struct stat about {};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    return about.st_mode & 0777u;
}

std::size_t files_in(const fs::path& directory)
{
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

void holds_the_newest_of_each_name(resumption_store& store)
{
    now = came;
    CHECK_FALSE(load(store, "a"));
    save(store, "a", "first");
    save(store, "b", "other");
    save(store, "a", "second");

    const auto record = load(store, "a");
    REQUIRE(record);
    CHECK(record->handle == "second");
    CHECK(record->time == came);
    CHECK(record->model == "gemini-3.8-live");
    CHECK(load(store, "b")->handle == "other");

    erase(store, "a");
    erase(store, "a");
    CHECK_FALSE(load(store, "a"));
    CHECK(load(store, "b"));
}

void forgets_what_the_service_has_forgotten(resumption_store& store)
{
    now = came;
    save(store, "two hours", "h");
    save(store, "a day", "d", 24h);
    now = came + 2h - 1ms;
    CHECK(load(store, "two hours"));
    now = came + 2h;
    CHECK_FALSE(load(store, "two hours"));
    CHECK(load(store, "a day"));
}

} // namespace

TEST_CASE("a memory store returns the newest record of each name")
{
    memory_resumption_store store(tell_time);
    holds_the_newest_of_each_name(store);
}

TEST_CASE("a file store returns the newest record of each name")
{
    const scratch here;
    file_resumption_store store(here.path, tell_time);
    holds_the_newest_of_each_name(store);
}

TEST_CASE("a memory store drops a handle when it expires")
{
    memory_resumption_store store(tell_time);
    forgets_what_the_service_has_forgotten(store);
    CHECK(store.size() == 2);
    save(store, "another", "n");
    CHECK(store.size() == 2);
}

TEST_CASE("a file store drops a handle when it expires, and removes the file")
{
    const scratch here;
    now = came;
    file_resumption_store store(here.path, tell_time);
    forgets_what_the_service_has_forgotten(store);
    CHECK(files_in(here.path) == 2);
    std::ofstream(here.path / "mine.txt") << "not a record";
    std::ofstream(here.path / "mine.json") << "not a record either";
    save(store, "another", "n");
    CHECK_FALSE(fs::exists(store.path_of("two hours")));
    CHECK(fs::exists(store.path_of("a day")));
    CHECK(fs::exists(here.path / "mine.txt"));
    CHECK(fs::exists(here.path / "mine.json"));
}

TEST_CASE("a store in another process on the same directory resumes")
{
    const scratch here;
    now = came;
    {
        file_resumption_store store(here.path / "made" / "for it", tell_time);
        save(store, "caller 7", "handle");
    }
    file_resumption_store store(here.path / "made" / "for it", tell_time);
    CHECK(load(store, "caller 7")->handle == "handle");
}

TEST_CASE("only its owner can read a record, even if a file of that name was world-readable")
{
    const scratch here;
    now = came;
    file_resumption_store store(here.path / "new", tell_time);
    CHECK(mode_of(here.path / "new") == 0700);
    std::ofstream(store.path_of("a")) << "old";
    fs::permissions(store.path_of("a"), fs::perms(0666));
    save(store, "a", "handle");
    CHECK(mode_of(store.path_of("a")) == 0600);
    CHECK(files_in(here.path / "new") == 1); // no temporary files are left
}

TEST_CASE("every name has a file of its own inside the directory")
{
    const scratch here;
    now = came;
    const file_resumption_store store(here.path, tell_time);
    const std::vector<std::string> names{"a", "A", "a b", "a%20b", "a/b", "../a", "..", ".",
        ".json", "a\nb", std::string("a\0b", 3), "\xc3\xa9", "a.json"};
    std::vector<fs::path> paths;
    for (const auto& name : names) {
        const auto path = store.path_of(name);
        CHECK(path.parent_path() == here.path);
        CHECK(path.filename().string().front() != '.');
        CHECK(std::find(paths.begin(), paths.end(), path) == paths.end());
        paths.push_back(path);
    }
    CHECK(store.path_of("caller 7").filename() == "caller%207.json");

    const auto empty = failure_of([&] { static_cast<void>(store.path_of("")); });
    REQUIRE(empty);
    CHECK(empty->value() == errc::invalid_argument);
    CHECK_FALSE(failure_of([&] { static_cast<void>(store.path_of(std::string(250, 'x'))); }));
    const auto long_one =
        failure_of([&] { static_cast<void>(store.path_of(std::string(251, 'x'))); });
    REQUIRE(long_one);
    CHECK(long_one->value() == errc::invalid_argument);
}

TEST_CASE("a file that is not a record is reported by its path, without its contents")
{
    const scratch here;
    file_resumption_store store(here.path, tell_time);
    const std::string secret = "a-secret-handle";
    for (const auto& text : {std::string("{"), std::string(), "{\"record\":\"" + secret + "\"}",
             std::string(2u << 20, 'x')}) {
        std::ofstream(store.path_of("a")) << text;
        const auto failure = failure_of([&] { static_cast<void>(load(store, "a")); });
        REQUIRE(failure);
        CHECK(failure->value() == errc::storage_failed);
        const std::string sentence = failure->what();
        CHECK(sentence.find(store.path_of("a").string()) != std::string::npos);
        CHECK(sentence.find(secret) == std::string::npos);
    }
}

TEST_CASE("an unusable directory and an unwritable file are reported")
{
    const scratch here;
    std::ofstream(here.path / "file") << "x";
    for (const auto& path : {here.path / "file", here.path / "file" / "below"}) {
        const auto failure = failure_of([&] { const file_resumption_store store(path); });
        REQUIRE(failure);
        CHECK(failure->value() == errc::storage_failed);
        CHECK(failure->condition() == condition::configuration);
    }

    file_resumption_store store(here.path / "gone", tell_time);
    fs::remove(here.path / "gone");
    const auto failure = failure_of([&] { save(store, "a", "handle"); });
    REQUIRE(failure);
    CHECK(failure->value() == errc::storage_failed);
    CHECK(std::string(failure->what()).find("handle") == std::string::npos);
}

TEST_CASE("a record is serialized to bytes and read back, for stores elsewhere")
{
    const resumption_record record("a \"handle\"\n", came, "gemini-3.8-live");
    CHECK(record.text().find('\n') == std::string::npos);
    CHECK(resumption_record::parse(record.text()) == record);
    const auto failure =
        failure_of([] { static_cast<void>(resumption_record::parse(R"({"handle":7})")); });
    REQUIRE(failure);
    CHECK(failure->value() == errc::storage_failed);
}

namespace {

bool replace(resumption_store& store, std::string expected, std::string handle)
{
    asio::io_context io;
    return test::run(
        io, store.replace("a", std::move(expected), {std::move(handle), now, "gemini-3.8-live"}));
}

bool erase_if(resumption_store& store, std::string handle)
{
    asio::io_context io;
    return test::run(io, store.erase_if("a", std::move(handle)));
}

void keeps_two_owners_apart(resumption_store& store)
{
    now = came;
    CHECK(replace(store, "", "first"));
    CHECK_FALSE(replace(store, "", "another"));
    CHECK(replace(store, "first", "second"));
    CHECK_FALSE(replace(store, "first", "third"));
    CHECK_FALSE(erase_if(store, "first"));
    CHECK(load(store, "a")->handle == "second");
    CHECK(erase_if(store, "second"));
    CHECK_FALSE(load(store, "a"));
    CHECK(erase_if(store, "second"));
    CHECK(replace(store, "", "old"));
    now = came + 2h;
    CHECK_FALSE(replace(store, "old", "late")); // it has expired
    CHECK(replace(store, "", "new"));
}

/// As earlier versions have written it.
class plain_store : public resumption_store {
public:
    asio::awaitable<std::optional<resumption_record>> load(std::string) override
    {
        co_return record;
    }
    asio::awaitable<void> save(
        std::string, resumption_record saved, std::chrono::milliseconds) override
    {
        record = std::move(saved);
        co_return;
    }
    asio::awaitable<void> erase(std::string) override
    {
        record.reset();
        co_return;
    }

    std::optional<resumption_record> record{};
};

} // namespace

TEST_CASE(
    "two owners of one name are kept apart: only the owner of the present record can replace it")
{
    memory_resumption_store memory(tell_time);
    keeps_two_owners_apart(memory);
    const scratch here;
    file_resumption_store files(here.path, tell_time);
    keeps_two_owners_apart(files);
    file_resumption_store beside(here.path, tell_time);
    CHECK_FALSE(replace(beside, "old", "x"));
    CHECK(replace(beside, "new", "x"));
    CHECK_FALSE(replace(files, "new", "y"));
    CHECK(mode_of(here.path / ".lock") == 0600);
}

TEST_CASE("of many concurrent replacements of one record in files, one succeeds")
{
    const scratch here;
    now = came;
    {
        file_resumption_store store(here.path, tell_time);
        save(store, "a", "h");
    }
    std::atomic<int> replaced = 0;
    std::vector<std::thread> all;
    for (int i = 0; i < 8; ++i) {
        all.emplace_back([&, i] {
            file_resumption_store store(here.path, tell_time);
            if (replace(store, "h", "handle " + std::to_string(i))) ++replaced;
        });
    }
    for (auto& each : all) each.join();
    CHECK(replaced == 1);
}

TEST_CASE("a store with only load, save and erase works as before")
{
    plain_store store;
    CHECK(replace(store, "whatever", "first"));
    CHECK(load(store, "a")->handle == "first");
    CHECK(erase_if(store, "whatever"));
    CHECK_FALSE(load(store, "a"));
}

} // namespace resumption_store_test
