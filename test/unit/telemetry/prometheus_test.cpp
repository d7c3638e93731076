// SPDX-License-Identifier: Apache-2.0
#include "base/access.hpp"
#include "telemetry/metric_store.hpp"
#include "telemetry/prometheus_writer.hpp"

#include "support/catch.hpp"
#include "support/prometheus_page.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace prometheus_test {

// The page that Prometheus reads.
using namespace gemini::live;
using namespace std::chrono_literals;
using telemetry::histogram;
using telemetry::prometheus_writer;
using test::prometheus_page;
using type = prometheus_writer::type;

namespace {

constexpr std::array<double, 3> bounds{0.1, 0.5, 2};

class some_session : public counter_source {
public:
    session_counters counters() override { return all; }
    session_counters all{};
};

metric_store& store_of(const metrics& of) { return *access::store(of); }

} // namespace

TEST_CASE("the format is that of version 0.0.4")
{
    prometheus_writer to;
    to.family("a_total", "Has a \\ and a\nline break, and \"quotes\".", type::counter);
    to.sample(std::uint64_t{7});
    to.sample(std::uint64_t{8}, {{"name", "a \\, a \" and a\nline break"}, {"other", ""}});
    to.family("a_seconds", "Half.", type::gauge);
    to.sample(0.5);
    histogram values(bounds);
    values.observe(100ms);
    values.observe(101ms);
    values.observe(5s);
    to.family("b_seconds", "Times.", type::histogram);
    to.sample(values, {{"of", "x"}});
    const auto text = to.take();
    CHECK(text == "# HELP a_total Has a \\\\ and a\\nline break, and \"quotes\".\n"
                  "# TYPE a_total counter\n"
                  "a_total 7\n"
                  "a_total{name=\"a \\\\, a \\\" and a\\nline break\",other=\"\"} 8\n"
                  "# HELP a_seconds Half.\n"
                  "# TYPE a_seconds gauge\n"
                  "a_seconds 0.5\n"
                  "# HELP b_seconds Times.\n"
                  "# TYPE b_seconds histogram\n"
                  "b_seconds_bucket{of=\"x\",le=\"0.1\"} 1\n"
                  "b_seconds_bucket{of=\"x\",le=\"0.5\"} 2\n"
                  "b_seconds_bucket{of=\"x\",le=\"2\"} 2\n"
                  "b_seconds_bucket{of=\"x\",le=\"+Inf\"} 3\n"
                  "b_seconds_sum{of=\"x\"} 5.201\n"
                  "b_seconds_count{of=\"x\"} 3\n");
    const prometheus_page page(text);
    CHECK(page.value("a_total", {{"name", "a \\, a \" and a\nline break"}, {"other", ""}}) == 8);
    CHECK(page.helps().at("a_total") == "Has a \\ and a\nline break, and \"quotes\".");
}

TEST_CASE("the reader of pages accepts no fault")
{
    const std::string family = "# HELP a_total A.\n# TYPE a_total counter\n";
    const std::string times = "# HELP b B.\n# TYPE b histogram\n";
    for (const std::string& bad : {
             std::string(""),
             std::string("a_total 1\n"),
             family + "a_total 1",
             family + "a_total 1\n" + family,
             family + "a_total 1\na_total 1\n",
             family + "a_total one\n",
             family + "a_total -1\n",
             family + "b_total 1\n",
             family + "a_total{x=\"1} 1\n",
             family + "a_total{x=\"\\q\"} 1\n",
             family + "a_total{1=\"\"} 1\n",
             std::string("# TYPE a_total counter\na_total 1\n"),
             std::string("# HELP a_total A.\na_total 1\n"),
             std::string("# HELP a A.\n# TYPE a counter\na 1\n"),
             times,
             times + "b_bucket{le=\"1\"} 1\nb_sum 1\nb_count 1\n",
             times + "b_bucket{le=\"+Inf\"} 1\nb_sum 1\nb_count 2\n",
             times + "b_bucket{le=\"1\"} 2\nb_bucket{le=\"+Inf\"} 1\nb_sum 1\nb_count 1\n",
             times + "b_bucket{le=\"2\"} 1\nb_bucket{le=\"1\"} 1\nb_bucket{le=\"+Inf\"} 1\n"
                     "b_sum 1\nb_count 1\n",
             times + "b_bucket{le=\"+Inf\"} 1\nb_count 1\n",
         }) {
        INFO(bad);
        CHECK_THROWS_AS(prometheus_page(bad), std::runtime_error);
    }
}

TEST_CASE("a turn is counted by what its record says")
{
    const metrics all;
    turn_record record;
    record.origin = turn_origin::speech;
    record.end = turn_end::interrupted;
    record.first_byte = 150ms;
    record.first_audio = 160ms;
    record.first_heard = 200ms;
    record.silence = 15ms;
    record.lasted = 4s;
    record.calls = {
        {"1", "f", call_ending::answered, {}, 20ms}, {"2", "f", call_ending::canceled, {}, 2s}};
    record.calls_omitted = 3;
    usage_metadata usage;
    usage.prompt_token_count = 100;
    usage.prompt_tokens_details = {{token_modality::text, 20}, {token_modality::audio, 70}};
    usage.response_token_count = 50;
    usage.response_tokens_details = {{token_modality::audio, 50}};
    usage.billed_tool_calls = {{"GOOGLE_SEARCH_RETRIEVAL", 2}, {"ODD", -1}};
    record.usage = usage;
    store_of(all).add(record);
    store_of(all).add_outage(3s);

    const prometheus_page page(all.prometheus_text());
    const prometheus_page::labels speech{{"origin", "speech"}};
    CHECK(page.value("gemini_live_time_to_first_byte_seconds_sum", speech) == 0.15);
    CHECK(page.value("gemini_live_time_to_first_audio_seconds_count", speech) == 1);
    CHECK(page.value("gemini_live_time_to_first_heard_seconds_sum", speech) == 0.2);
    CHECK(page.value("gemini_live_time_to_first_byte_seconds_count", {{"origin", "text"}}) == 0);
    CHECK(page.value("gemini_live_interruption_to_silence_seconds_sum") == 0.015);
    CHECK(page.value("gemini_live_turn_duration_seconds_sum") == 4);
    CHECK(page.value("gemini_live_tool_call_duration_seconds_sum") == 2.02);
    CHECK(page.value("gemini_live_outage_seconds_sum") == 3);
    CHECK(page.value("gemini_live_turns_total", {{"ending", "interrupted"}}) == 1);
    CHECK(page.value("gemini_live_turns_total", {{"ending", "complete"}}) == 0);
    CHECK(page.value("gemini_live_tool_calls_total", {{"ending", "answered"}}) == 1);
    CHECK(page.value("gemini_live_tool_calls_total", {{"ending", "canceled"}}) == 1);
    CHECK(page.value("gemini_live_omitted_tool_calls_total") == 3);
    const auto tokens = [&page](const char* direction, const char* modality) {
        return page.value(
            "gemini_live_tokens_total", {{"direction", direction}, {"modality", modality}});
    };
    CHECK(tokens("input", "text") == 20);
    CHECK(tokens("input", "audio") == 70);
    CHECK(tokens("input", "unspecified") == 10);
    CHECK(tokens("output", "audio") == 50);
    CHECK(tokens("output", "unspecified") == 0);
    CHECK(page.value("gemini_live_billed_search_queries_total") == 2);
}

TEST_CASE("counters of sessions stay when the sessions end")
{
    const metrics all;
    const auto first = std::make_shared<some_session>();
    auto second = std::make_shared<some_session>();
    first->all.messages_sent = 10;
    first->all.outbox = 1000;
    first->all.longest_outage = 2s;
    second->all.messages_sent = 5;
    store_of(all).opened(first);
    store_of(all).opened(second);
    const prometheus_page two(all.prometheus_text());
    CHECK(two.value("gemini_live_sessions_open") == 2);
    CHECK(two.value("gemini_live_messages_sent_total") == 15);
    CHECK(two.value("gemini_live_outbox_bytes") == 1000);

    store_of(all).ended(first.get(), first->all);
    store_of(all).ended(first.get(), first->all); // it was not open any more
    first->all.messages_sent = 0;
    const prometheus_page one(all.prometheus_text());
    CHECK(one.value("gemini_live_sessions_open") == 1);
    CHECK(one.value("gemini_live_messages_sent_total") == 15);
    CHECK(one.value("gemini_live_outbox_bytes") == 0);
    CHECK(one.value("gemini_live_longest_outage_seconds") == 2);

    second.reset();
    CHECK(prometheus_page(all.prometheus_text()).value("gemini_live_sessions_open") == 0);
}

TEST_CASE("threads count at once, and none is lost")
{
    const metrics all;
    turn_record record;
    record.origin = turn_origin::text;
    record.first_byte = 1s;
    std::vector<std::jthread> threads;
    constexpr int each = 1000;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < each; ++n) store_of(all).add(record);
        });
    }
    const prometheus_page meanwhile(all.prometheus_text());
    CHECK(meanwhile.value("gemini_live_turns_total", {{"ending", "complete"}}) <= 4 * each);
    threads.clear();
    const prometheus_page page(all.prometheus_text());
    CHECK(page.value("gemini_live_turns_total", {{"ending", "complete"}}) == 4 * each);
    CHECK(
        page.value("gemini_live_time_to_first_byte_seconds_sum", {{"origin", "text"}}) == 4 * each);
}

} // namespace prometheus_test
