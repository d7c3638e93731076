// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"
#include "support/loud.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/fake_google.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <stdlib.h> // mkdtemp

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace auth_test {

// Every kind of credentials that is a source of tokens, over loopback: from a file or a machine to
// a session.
namespace live = gemini::live;
using live::testing::google_endpoint;
using live::testing::google_outcome;
using namespace std::chrono_literals;

namespace {

/// Removed at the end with its contents.
class folder {
public:
    folder()
    {
        auto path = (std::filesystem::temp_directory_path() / "auth-XXXXXX").string();
        if (!::mkdtemp(path.data())) throw std::runtime_error("no temporary folder");
        path_ = path;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string path(const std::string& name) const
    {
        return (path_ / name).string();
    }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path_ / name) << text;
        return path(name);
    }

private:
    std::filesystem::path path_;
};

/// Google with Vertex AI, and a client of it.
struct world {
    test::context io;
    folder here{};
    std::chrono::seconds clock_is_off{0};
    std::shared_ptr<live::testing::fake_google> google;
    std::vector<live::testing::emulator_request> upgrades{};
    std::string heard{};  // by Vertex AI
    std::string output{}; // everything that the library reports to the user
    std::optional<live::testing::emulator_verdict> verdict{};
    std::optional<live::testing::emulator> vertex{};
    live::client_options calling{};

    explicit world(live::testing::fake_google_options options = {})
    {
        options.clock = [this] { return std::chrono::system_clock::now() + clock_is_off; };
        google = std::make_shared<live::testing::fake_google>(io.get_executor(), options);
        live::testing::emulator_options serving;
        serving.pace = 0;
        serving.google = google;
        serving.on_upgrade = [this](const live::testing::emulator_request& request) {
            upgrades.push_back(request);
            return verdict.value_or(live::testing::emulator_verdict{});
        };
        serving.on_message = [this](const live::testing::emulator_message& message) {
            if (message.from == live::testing::message_sender::client) heard += message.text;
        };
        vertex.emplace(io.get_executor(), serving);
        calling.backend = live::backend::vertex_ai;
        calling.location = "us-central1";
        calling.base_url = vertex->url();
        calling.reconnect.first_connect_attempts = 1;
        calling.logger.level = live::log_level::trace;
        calling.logger.sink = live::log_lines([this](live::log_level, std::string_view line) {
            test::tell(line);
            output += line;
            output += '\n';
        });
        calling.tap.sink = [this](std::string_view line) {
            test::tell(line);
            output += line;
            output += '\n';
        };
    }

    live::client client_with(live::credentials credentials)
    {
        auto options = calling;
        options.credentials = std::move(credentials);
        return {io.get_executor(), options};
    }

    static asio::awaitable<void> visit(live::client client)
    {
        live::session session(client, live::setup{.model = "gemini-3.8-live"});
        co_await session.connect();
        co_await session.close();
    }

    void connect(const live::client& client) { test::run(io, visit(client)); }

    std::optional<live::error> failure(const live::client& client)
    {
        try {
            connect(client);
        } catch (const live::error& why) {
            output += why.what() + ('\n' + why.reason()) + '\n';
            return why;
        }
        return std::nullopt;
    }
    std::optional<live::error> failure(live::credentials credentials)
    {
        return failure(client_with(std::move(credentials)));
    }

    [[nodiscard]] live::credential_file by_text(const std::string& text) const
    {
        live::credential_file file;
        file.text = live::secret(text);
        return file;
    }
    [[nodiscard]] live::credential_file service_account() const
    {
        return by_text(google->service_account_file());
    }
    [[nodiscard]] live::credential_file user() const
    {
        return by_text(google->authorized_user_file());
    }
    [[nodiscard]] live::metadata_server machine() const
    {
        return {.host = google->metadata_host()};
    }
    /// Isolated from the configuration of this machine.
    [[nodiscard]] live::application_default nothing() const
    {
        return {.well_known_file = here.path("none.json"), .machine = {.host = "127.0.0.1:1"}};
    }
};

std::string header(const live::testing::emulator_request& request, std::string_view name)
{
    return std::string(request.header(name));
}

bool says(const std::optional<live::error>& why, std::string_view part)
{
    INFO((why ? why->what() : "no error"));
    CHECK(why);
    return why && std::string_view(why->what()).find(part) != std::string_view::npos;
}

} // namespace

TEST_CASE("every kind of token credentials opens sessions, with one fetch for all of them")
{
    world w;
    struct row {
        std::string name;
        live::credentials given;
        live::testing::google_endpoint asked;
        std::size_t requests;
    };
    const auto subject_file = w.here.write("subject", w.google->subject_token() + "\n");
    const auto subject_json =
        w.here.write("subject.json", R"({"id_token":")" + w.google->subject_token() + "\"}");
    const auto workload = [&w](live::testing::external_account_kind kind) {
        return w.by_text(w.google->external_account_file(kind));
    };
    auto self_signed = w.service_account();
    self_signed.self_signed = true;
    auto known = w.nothing();
    known.well_known_file = w.here.write("known.json", w.google->authorized_user_file());
    auto named = known;
    named.file = w.here.write("named.json", w.google->service_account_file());
    named.well_known_file = w.here.write("broken.json", "{"); // not read
    auto on_machine = w.nothing();
    on_machine.machine = w.machine();
    using enum live::testing::google_endpoint;
    const std::vector<row> rows{
        {"a service account", w.service_account(), token, 1},
        {"a service account's file", live::credential_file{.path = named.file}, token, 1},
        {"a service account that signs itself", self_signed, token, 0},
        {"a user", w.user(), token, 1},
        {"a workload with a file", workload({.file = subject_file}), sts, 1},
        {"a workload with a file of JSON", workload({.file = subject_json, .json = true}), sts, 1},
        {"a workload with a URL", workload({}), subject, 1},
        {"a workload with a URL of JSON", workload({.json = true}), subject, 1},
        {"a workload that impersonates", workload({.impersonate = true}), impersonation, 1},
        {"a user who impersonates", w.by_text(w.google->impersonated_service_account_file()),
            impersonation, 1},
        {"a machine", w.machine(), metadata, 2}, // token and project
        {"gcloud's file, by default", known, token, 1},
        {"the named file, by default", named, token, 1},
        {"the machine, by default", on_machine, metadata, 2},
    };
    for (const auto& each : rows) {
        INFO(each.name);
        const auto before = w.google->requests(each.asked);
        const auto client = w.client_with(each.given);
        w.connect(client);
        w.connect(client);
        CHECK(w.google->requests(each.asked) - before == each.requests);
        const auto bearer = header(w.upgrades.back(), "authorization").substr(7);
        CHECK(w.google->valid(bearer));
    }
}

TEST_CASE("a program may get its tokens itself")
{
    world w;
    int asked = 0;
    std::optional<std::chrono::system_clock::time_point> expires;
    live::token_provider provider;
    w.connect(w.client_with(w.service_account()));
    const auto value = w.google->issued().back().value;
    provider.ask = [&]() -> asio::awaitable<live::access_token> {
        ++asked;
        co_return live::access_token(value, "billing", expires);
    };
    auto client = w.client_with(provider);
    w.connect(client);
    w.connect(client);
    CHECK(asked == 2); // the tokens have no expiry
    expires = std::chrono::system_clock::now() + 1h;
    client = w.client_with(provider);
    w.connect(client);
    w.connect(client);
    CHECK(asked == 3);
    CHECK(header(w.upgrades.back(), "x-goog-user-project") == "billing");

    provider.ask = []() -> asio::awaitable<live::access_token> {
        throw std::runtime_error("the vault is closed");
        co_return live::access_token();
    };
    auto why = w.failure(provider);
    CHECK(says(why, "The token_provider has failed: the vault is closed."));
    CHECK(why->condition() == live::condition::credentials);
    provider.ask = []() -> asio::awaitable<live::access_token> { co_return live::access_token(); };
    why = w.failure(provider);
    CHECK(says(why, "The token_provider has failed: it gave an empty token."));
}

TEST_CASE("a hundred sessions that start at once fetch one token")
{
    world w;
    const auto client = w.client_with(w.service_account());
    int left = 100;
    const auto one = [&]() -> asio::awaitable<void> {
        co_await world::visit(client);
        --left;
    };
    for (int i = 0; i < 100; ++i) asio::co_spawn(w.io, one(), asio::detached);
    while (left > 0) w.io.run_one();
    CHECK(w.google->requests(live::testing::google_endpoint::token) == 1);
}

TEST_CASE("a token that expires soon is not used for another connection")
{
    world w;
    w.google->next(
        live::testing::google_endpoint::token, live::testing::google_outcome::expires_in(40s));
    const auto client = w.client_with(w.service_account());
    w.connect(client);
    w.connect(client);
    CHECK(w.google->requests(live::testing::google_endpoint::token) == 2);
}

TEST_CASE("a token that was revoked is replaced, once")
{
    world w;
    const auto client = w.client_with(w.user());
    w.connect(client);
    w.google->revoke_tokens();
    w.connect(client);
    CHECK(w.google->requests(live::testing::google_endpoint::token) == 2);

    w.verdict = live::testing::emulator_verdict{.status = 401};
    const auto why = w.failure(client);
    REQUIRE(why);
    CHECK(why->condition() == live::condition::credentials);
    CHECK(why->http_status() == 401);
    CHECK(w.google->requests(live::testing::google_endpoint::token) == 3);
}

TEST_CASE("the credentials set the project and the quota project, unless the program does")
{
    live::testing::fake_google_options options;
    options.quota_project = "payer";
    world w(options);
    w.connect(w.client_with(w.service_account()));
    CHECK(w.heard.find("projects/fake-project/locations/us-central1/") != std::string::npos);
    CHECK(header(w.upgrades.back(), "x-goog-user-project").empty());
    w.heard.clear();
    w.connect(w.client_with(w.machine()));
    CHECK(w.heard.find("projects/fake-project/locations/us-central1/") != std::string::npos);
    w.heard.clear();
    w.calling.project = "mine";
    w.connect(w.client_with(w.user()));
    CHECK(w.heard.find("projects/mine/locations/us-central1/") != std::string::npos);
    CHECK(header(w.upgrades.back(), "x-goog-user-project") == "payer");
    auto user = w.user();
    user.quota_project = "me";
    w.connect(w.client_with(user));
    CHECK(header(w.upgrades.back(), "x-goog-user-project") == "me");
    CHECK(header(w.upgrades.back(), "user-agent").starts_with("gemini-live-cpp/"));
    CHECK(header(w.upgrades.back(), "x-goog-api-client").starts_with("gemini-live-cpp/"));
}

TEST_CASE("a temporary failure is retried")
{
    world w;
    const auto fault = GENERATE(live::testing::google_outcome::refuse(503),
        live::testing::google_outcome::cut(), live::testing::google_outcome::cut_short(),
        live::testing::google_outcome::garbage(), live::testing::google_outcome::web_page());
    w.google->next(live::testing::google_endpoint::token, fault);
    w.connect(w.client_with(w.service_account()));
    CHECK(w.google->requests(live::testing::google_endpoint::token) == 2);
}

TEST_CASE("a refusal names the file and says what to do")
{
    world w;
    struct row {
        live::testing::google_endpoint where;
        live::testing::google_outcome outcome;
        live::credentials given;
        live::errc cause;
        std::string told;
    };
    using enum live::testing::google_endpoint;
    const auto workload = w.by_text(w.google->external_account_file());
    const auto acting = w.by_text(w.google->impersonated_service_account_file());
    const std::vector<row> rows{
        {token, live::testing::google_outcome::invalid_grant("Invalid JWT Signature."),
            w.service_account(), live::errc::unauthorized, "The key has been deleted"},
        {token, live::testing::google_outcome::reauthentication(), w.user(),
            live::errc::unauthorized, "invalid_grant/invalid_rapt"},
        {subject, live::testing::google_outcome::refuse(403), workload, live::errc::unauthorized,
            "\"credential_source\""},
        {sts, live::testing::google_outcome::refuse(400), workload, live::errc::unauthorized,
            "workload identity pool"},
        {impersonation, live::testing::google_outcome::refuse(403), acting,
            live::errc::unauthorized, "who may act for it"},
        {metadata, live::testing::google_outcome::without_metadata_flavor(), w.machine(),
            live::errc::missing_credentials, "Metadata-Flavor: Google"},
    };
    for (const auto& each : rows) {
        w.google->next(each.where, each.outcome);
        const auto why = w.failure(each.given);
        CHECK(says(why, each.told));
        CHECK((says(why, "The text of a credential_file: ") || says(why, "Metadata server 127.0")));
        CHECK(why->value() == each.cause);
        CHECK(why->condition() == live::condition::credentials);
    }
    w.google->log_user_out();
    CHECK(says(w.failure(w.user()), "Log in again: gcloud auth application-default login."));
    w.clock_is_off = 2h;
    CHECK(says(w.failure(w.service_account()), "This machine's clock is wrong: it says 20"));
}

TEST_CASE("an invalid file is reported by its name")
{
    world w;
    const auto path = w.here.path("key.json");
    const live::credential_file file{.path = path};
    CHECK(says(w.failure(file), "Credential file " + path + ": there is no such file."));
    std::ofstream(path) << "{";
    CHECK(says(w.failure(file), "Credential file " + path + ": Not JSON"));
    std::ofstream(path) << R"({"type":"authorized_user","client_id":"a"})";
    CHECK(says(w.failure(file), "Credential file " + path + ": \"client_secret\" is missing."));
    CHECK(says(w.failure(live::credential_file{.path = w.here.path("")}), "cannot be read"));
    auto by_default = w.nothing();
    by_default.file = w.here.path("none");
    CHECK(says(w.failure(by_default), "Credential file " + by_default.file));
    auto user = w.user();
    user.self_signed = true;
    CHECK(says(w.failure(user), "credential_file::self_signed is for service accounts"));
    w.calling.universe_domain = "cloud.example";
    CHECK(says(w.failure(w.user()), "\"universe_domain\" is googleapis.com"));
}

TEST_CASE("when no credentials are found, the error says where the search was and what helps")
{
    world w;
    auto why = w.failure(w.nothing());
    CHECK(says(why, "GOOGLE_APPLICATION_CREDENTIALS is not set"));
    CHECK(says(why, w.here.path("none.json")));
    CHECK(says(why, "gcloud auth application-default login"));
    CHECK(why->value() == live::errc::missing_credentials);
    auto elsewhere = w.nothing(); // where another cloud has its metadata server
    elsewhere.machine = w.machine();
    w.google->next(live::testing::google_endpoint::metadata,
        live::testing::google_outcome::without_metadata_flavor());
    why = w.failure(elsewhere);
    CHECK(says(why, "this is no machine in Google Cloud"));
}

TEST_CASE("nothing that the library reports contains a secret, whatever happens")
{
    live::testing::fake_google_options options;
    options.quota_project = "payer";
    world w(options);
    const auto subject_file = w.here.write("subject", w.google->subject_token());
    using enum live::testing::google_endpoint;
    const auto all = {token, sts, impersonation, metadata, subject};
    std::vector<live::credentials> given{w.service_account(), w.user(), w.machine(),
        w.by_text(w.google->external_account_file({.impersonate = true})),
        w.by_text(w.google->external_account_file({.file = subject_file})),
        w.by_text(w.google->impersonated_service_account_file()),
        live::access_token("ya29.fake-google-made-up")};
    w.calling.project = "p";
    for (const auto& each : given) {
        w.verdict.reset();
        static_cast<void>(w.failure(each));
        w.verdict = live::testing::emulator_verdict{.status = 401};
        static_cast<void>(w.failure(each));
        for (const auto endpoint : all)
            w.google->next(endpoint, live::testing::google_outcome::invalid_grant("no"), 1);
        static_cast<void>(w.failure(each));
    }
    // files that are truncated or have one invalid member
    for (const auto& text : {w.google->service_account_file(), w.google->authorized_user_file(),
             w.google->external_account_file()}) {
        for (std::size_t cut = 0; cut < text.size(); cut += 97)
            static_cast<void>(w.failure(w.by_text(text.substr(0, cut))));
        for (auto at = text.find("\": \""); at != text.npos; at = text.find("\": \"", at + 1)) {
            auto wrong = text;
            wrong.replace(at + 3, 1, "[\"").insert(wrong.find("\"", at + 5) + 1, "]");
            static_cast<void>(w.failure(w.by_text(wrong)));
        }
    }
    // keys and ephemeral tokens
    live::testing::emulator_options serving;
    serving.api_key = "another-key";
    live::testing::emulator gemini(w.io.get_executor(), serving);
    w.calling.backend.reset();
    w.calling.project.clear();
    w.calling.location.clear();
    w.calling.base_url = gemini.url();
    for (const auto& each : {live::credentials(live::api_key("fake-google-key")),
             live::credentials(live::ephemeral_token("auth_tokens/fake-google"))})
        static_cast<void>(w.failure(each));

    CHECK(w.output.size() > 10'000);
    for (const auto* secret : {"fake-google", "PRIVATE KEY", "eyJ", "GOCSPX-", "ya29."}) {
        const auto at = w.output.find(secret);
        INFO(w.output.substr(at == w.output.npos ? 0 : at - std::min<std::size_t>(at, 200), 400));
        CHECK(at == w.output.npos);
    }
}

} // namespace auth_test
