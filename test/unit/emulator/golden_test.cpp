// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/validator.hpp"
#include "emulator/server/live_server_session.hpp"
#include "emulator/server/music.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

// Whether the emulator accepts every golden client message: golden-test CLIENT_MESSAGES.JSON
// Each one is sent to a fresh emulator after its prerequisites. Messages that SDKs send although
// the service refuses them must be refused.
using namespace gemini::live;
using namespace gemini::live::emulator;
using protocol::json_value;

namespace {

json_value read(const char* file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(fmt::format("{} cannot be read.", file));
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return json_value::parse(text);
}

route way_of(std::string_view backend_name, bool music)
{
    route way;
    way.backend = backend_name.starts_with("vertex") ? backend::vertex_ai : backend::gemini_api;
    // which has every member
    way.version = way.backend == backend::vertex_ai ? "v1beta1" : "v1alpha";
    way.credential = credential::api_key;
    way.secret = "any";
    way.music = music;
    return way;
}

bool is_music(const json_value& frame)
{
    return find_member(frame, "musicGenerationConfig") || find_member(frame, "playbackControl") ||
           find_path(frame, "clientContent.weightedPrompts") ||
           text_at(frame, "setup.model").find("lyria") != std::string::npos;
}

/// An emulator in virtual time that records how it ended.
class listener {
public:
    explicit listener(const route& way)
    {
        if (way.music)
            server_ = std::make_unique<music>(way, "", 1.0);
        else
            server_ = std::make_unique<live_server_session>(
                way, "", 1.0, std::make_shared<resumption_archive>());
    }

    void hear(std::string_view message)
    {
        take(server_->on_message(message, now_));
        constexpr moment while_it_thinks(1'000);
        const auto end = now_ + while_it_thinks;
        for (auto next = server_->next_timer(); next && *next <= end && refusal_.empty();
             next = server_->next_timer()) {
            now_ = std::max(now_, *next);
            take(server_->on_timer(now_));
        }
    }

    [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

private:
    void take(const actions& said)
    {
        if (said.close) refusal_ = fmt::format("{} {}", said.close->first, said.close->second);
    }

    std::unique_ptr<server_session> server_;
    moment now_{0};
    std::string refusal_;
};

/// The prerequisites of a frame: a setup, and for a function response the call.
void prepare(listener& server, const json_value& frame, bool music)
{
    if (find_member(frame, "setup")) return;
    if (music) return server.hear(R"({"setup":{"model":"models/lyria-realtime-exp"}})");
    const bool marks = find_path(frame, "realtimeInput.activityStart") ||
                       find_path(frame, "realtimeInput.activityEnd");
    server.hear(fmt::format(R"({{"setup":{{"model":"models/gemini-3.8-live","realtimeInputConfig":)"
                            R"({{"automaticActivityDetection":{{"disabled":{}}}}}}}}})",
        marks));
    if (const auto responses = find_path(frame, "toolResponse.functionResponses")) {
        for (const auto& each : responses->elements())
            server.hear(fmt::format(R"({{"realtimeInput":{{"text":"/call {} {}"}}}})",
                text_at(each, "name"), text_at(each, "id")));
    }
}

/// Why the emulator refuses these frames; empty when it accepts them.
std::string refusal_of(const std::vector<json_value>& frames, std::string_view backend_name)
{
    const bool music = is_music(frames.front());
    listener server(way_of(backend_name, music));
    prepare(server, frames.front(), music);
    for (const auto& each : frames) {
        // a handle is valid only where it was issued: only its form counts here
        if (!text_at(each, "setup.sessionResumption.handle").empty())
            return find_fault(each, way_of(backend_name, music).backend).value_or("");
        server.hear(each.text());
    }
    return server.refusal();
}

} // namespace

int main(int argc, char** argv)
try {
    if (argc != 2) throw std::runtime_error("usage: golden-test CLIENT_MESSAGES.JSON");
    constexpr std::string_view refused_by_service = "setup_thinking_budget_zero"; // by 3.8
    int passed = 0, failed = 0;
    for (const auto& each : read(argv[1]).find("cases")->elements()) {
        auto frames =
            each.find("frames") ? each.find("frames")->elements() : std::vector<json_value>();
        if (const auto one = each.find("json")) frames.push_back(*one);
        if (frames.empty()) continue; // a call that is refused before it is sent
        const auto backend_name = text_at(each, "flavour");
        const auto backends = backend_name == "both" ? std::vector<std::string>{"gemini", "vertex"}
                                                     : std::vector<std::string>{backend_name};
        for (const auto& way : backends) {
            auto refusal = refusal_of(frames, way);
            if (text_at(each, "name") == refused_by_service)
                refusal = refusal.empty() ? "is taken" : "";
            ++(refusal.empty() ? passed : failed);
            if (!refusal.empty()) fmt::print("{} ({}): {}\n", text_at(each, "name"), way, refusal);
        }
    }
    fmt::print("{} passed, {} failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
} catch (const std::exception& broken) {
    fmt::print(stderr, "{}\n", broken.what());
    return 1;
}
