// SPDX-License-Identifier: Apache-2.0
#include "chat/options.hpp"

#include "support/catch.hpp"

#include <getopt.h>

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace options_test {

using namespace chat;
namespace live = gemini::live;

namespace {

struct result {
    std::optional<options> read{};
    int exit_code = 0;
    std::string told{};
};

result read(std::vector<std::string> words)
{
    words.insert(words.begin(), "/somewhere/gemini-live-chat");
    std::vector<char*> argv;
    for (auto& each : words) argv.push_back(each.data());
    argv.push_back(nullptr);
    ::optind = 0; // starts over
    std::ostringstream told;
    auto* const before = std::cerr.rdbuf(told.rdbuf());
    result all;
    all.read = read_options(static_cast<int>(words.size()), argv.data(), all.exit_code);
    std::cerr.rdbuf(before);
    all.told = told.str();
    return all;
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("chat: options are read")
{
    const auto all = read({"--model", "m", "--system=--x", "--project", "p", "--text", "--url",
        "http://a", "--voice", "Puck", "--ca=f"});
    REQUIRE(all.read);
    CHECK(all.read->model == "m");
    CHECK(all.read->system == "--x");
    CHECK(all.read->vertex);
    CHECK(all.read->answers == live::modality::text);
    CHECK(all.read->url == "http://a");
    CHECK(all.read->voice == "Puck");
    CHECK(all.read->ca == "f");
    CHECK(read({}).read);
    CHECK(read({"--system", ""}).read);
}

TEST_CASE("chat: a mistyped option is reported as typed, with the likely one")
{
    const struct {
        std::vector<std::string> typed;
        std::string told;
    } wrong[]{
        {{"--modle", "x"}, "There is no option --modle; did you mean --model?"},
        {{"--ulr=http://a"}, "There is no option --ulr; did you mean --url?"},
        {{"--ver"}, "did you mean --vertex or --version?"},
        {{"--text=yes"}, "--text takes no value."},
        {{"--model"}, "--model wants a value."},
        {{"--url", "--text"}, "--url wants a value, and --text looks like an option"},
        {{"--url", ""}, "--url is empty"},
        {{"--model="}, "--model is empty"},
        {{"hello"}, "\"hello\" is not an option."},
        {{"--text", "--", "hello"}, "\"hello\" is not an option."},
        {{"-x"}, "There is no option -x"},
    };
    for (const auto& [typed, told] : wrong) {
        const auto all = read(typed);
        INFO(all.told);
        CHECK_FALSE(all.read);
        CHECK(all.exit_code == 2);
        CHECK(contains(all.told, told));
        CHECK(all.told.starts_with("gemini-live-chat: "));
        CHECK(contains(all.told, "--help lists the options."));
    }
}

TEST_CASE("chat: without --model, one is chosen that can answer in the requested way")
{
    options wishes;
    CHECK(choose_model(wishes, true).empty());
    CHECK(wishes.model == "gemini-3.8-live");
    CHECK(wishes.answers == live::modality::audio);

    options written;
    written.answers = live::modality::text;
    CHECK(choose_model(written, true).empty());
    CHECK(written.model == "gemini-emulator-text");

    options transcribed;
    transcribed.model = "gemini-3.5-transcribe-live";
    CHECK(choose_model(transcribed, false).empty());
    CHECK(transcribed.answers == live::modality::text);
}

TEST_CASE(
    "chat: a model that cannot answer in the requested way is reported in terms of the options")
{
    options service;
    service.answers = live::modality::text;
    const auto told = choose_model(service, false);
    CHECK(contains(told, "--text: gemini-3.8-live only speaks."));
    CHECK(contains(told, "--model"));

    options spoken;
    spoken.model = "gemini-3.5-transcribe-live";
    spoken.answers = live::modality::audio;
    CHECK(
        contains(choose_model(spoken, false), "--audio: gemini-3.5-transcribe-live only writes."));
}

TEST_CASE("chat: errors are in terms of options and variables, not of the library's members")
{
    options typed;
    typed.url = "nonsense";
    typed.project = "p";
    typed.location = "us east";
    options none;
    const struct {
        std::string from;
        const options& wishes;
        std::string to;
    } sentences[]{
        {"client_options::base_url must look like https://host.", typed,
            "--url must look like https://host."},
        {"The base URL has no scheme: client_options::base_url must look like https://host.", typed,
            "--url has no scheme: it must look like https://host."},
        {"client_options::base_url must look like https://host.", none,
            "GOOGLE_GEMINI_BASE_URL must look like https://host."},
        {"client_options::location must look like us-central1.", typed,
            "--location must look like us-central1."},
        {"client_options::location must look like us-central1.", none,
            "GOOGLE_CLOUD_LOCATION must look like us-central1."},
        {"setup::model is empty: name a model.", none, "--model is empty: name a model."},
        {"setup.systemInstruction.parts[0].text cannot be sent: it is not UTF-8.", none,
            "--system cannot be sent: it is not UTF-8."},
        {"Or give the issuer's certificate in tls_options::ca_file, or install ca-certificates.",
            none,
            "Or name a file with the issuer's certificate by --ca, or install ca-certificates."},
        {"If you trust all of the network in between, set client_options::allow_plain_text (for "
         "credentials that renew themselves also client_options::allow_plain_text_tokens): whoever",
            typed,
            "If you trust all of the network in between, set GEMINI_LIVE_ALLOW_PLAIN_TEXT=true "
            "(which "
            "does not permit it for credentials that renew themselves): whoever"},
        {"The file /nowhere of tls_options::ca_file does not exist.", typed,
            "The file /nowhere of --ca does not exist."},
        {"The server does not know a member of the message: check setup::extra and send_raw (close "
         "code 1007).",
            none, "The server does not know a member of the message (close code 1007)."},
        {"The server has no such model: check the model's name.", none,
            "The server has no such model: check --model."},
        {"What answered is not the Live API: check the URL.", typed,
            "What answered is not the Live API: check --url."},
        {"The limit is 5: raise limits::message if such messages are expected.", none,
            "The limit is 5."},
        {"Nobody has thought of limits::outbox.", none, "Nobody has thought of outbox."},
        {"No connection to [::1]:80: nothing listens there.", none,
            "No connection to [::1]:80: nothing listens there."},
    };
    for (const auto& [from, wishes, to] : sentences) CHECK(in_terms_of_options(from, wishes) == to);
}

} // namespace options_test
