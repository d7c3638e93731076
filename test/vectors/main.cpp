// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace vectors {
namespace {

namespace files = std::filesystem;

/// The check for a case. A case of an unknown form fails.
complaint try_case(const json_value& test)
{
    const auto has = [&test](std::string_view name) { return test.find(name).has_value(); };
    const auto sdk = test.find("sdk");
    const bool sends = has("json") || has("frames") || has("text") || has("frames_sent");
    if (has("steps")) return try_resumption(test);
    if (has("action") && has("code")) return try_close_code(test);
    if (sdk && sdk->find("create")) return try_auth_token(test);
    if (has("expect")) return try_server_messages(test);
    if (sends) return try_client_messages(test);
    if (sdk && sdk->find("client")) return try_connect(test);
    return "the whole: the driver knows no such case";
}

complaint judge(const json_value& test)
{
    try {
        return try_case(test);
    } catch (const std::exception& thrown) {
        return fmt::format("the whole: {}", thrown.what());
    }
}

struct count {
    int passed = 0;
    int failed = 0;
};

count run_file(const files::path& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    count sum;
    std::string report;
    try {
        const auto whole = json_value::parse(text);
        const auto cases = whole.find("cases").value_or(whole).elements();
        if (cases.empty()) throw std::runtime_error("there are no cases in it");
        for (const auto& test : cases) {
            const auto found = judge(test);
            ++(found ? sum.failed : sum.passed);
            if (found)
                report += fmt::format("  {}: {}\n",
                    test.find("name") ? test.find("name")->string().value_or("?") : "?", *found);
        }
    } catch (const std::exception& thrown) {
        ++sum.failed;
        report += fmt::format("  {}\n", thrown.what());
    }
    fmt::print("{:<28} {:>4} passed {:>4} failed\n{}", path.filename().string(), sum.passed,
        sum.failed, report);
    return sum;
}

} // namespace
} // namespace vectors

int main(int argc, char** argv)
{
    namespace files = std::filesystem;
    if (argc != 2 || !files::is_directory(argv[1])) {
        fmt::print(stderr, "usage: vectors DIRECTORY   runs the golden vectors in its *.json\n");
        return 2;
    }
    std::vector<files::path> found;
    for (const auto& each : files::directory_iterator(argv[1]))
        if (each.path().extension() == ".json") found.push_back(each.path());
    std::sort(found.begin(), found.end());
    vectors::count sum;
    for (const auto& each : found) {
        const auto one = vectors::run_file(each);
        sum.passed += one.passed;
        sum.failed += one.failed;
    }
    if (found.empty()) fmt::print(stderr, "There is no *.json in {}.\n", argv[1]);
    fmt::print("\n{} passed, {} failed\n", sum.passed, sum.failed);
    return sum.failed == 0 && sum.passed > 0 ? 0 : 1;
}
