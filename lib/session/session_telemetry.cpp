// SPDX-License-Identifier: Apache-2.0
#include "session/session_telemetry.hpp"

#include "base/access.hpp"

#include <utility>

namespace gemini::live {
namespace {

std::uint64_t random_bits(const std::function<double()>& random)
{
    constexpr double two_to_32 = 4'294'967'296.0;
    const auto high = static_cast<std::uint64_t>(random() * two_to_32);
    return high << 32 | static_cast<std::uint64_t>(random() * two_to_32);
}

} // namespace

session_telemetry::session_telemetry(
    const client_options& options, const live::setup& setup, const async::clock& clock)
    : options_(options), setup_(setup), clock_(clock)
{
}

void session_telemetry::begin(
    const std::shared_ptr<counter_source>& session, const std::function<double()>& random)
{
    if (const auto& metrics = options_.telemetry.metrics) {
        access::store(*metrics)->opened(session);
        session_ = session.get();
    }
    if (options_.telemetry.on_spans) {
        const auto backend = options_.backend.value_or(live::backend::gemini_api);
        const telemetry::trace_id id{random_bits(random), random_bits(random)};
        trace_.emplace(backend, setup_.model, clock_.now(), clock_.wall_clock(), id);
    }
}

void session_telemetry::add(const turn_record& record)
{
    if (const auto& metrics = options_.telemetry.metrics) access::store(*metrics)->add(record);
    if (trace_) options_.telemetry.on_spans(trace_->turn(record));
}

void session_telemetry::add(const status_change& change) noexcept
{
    const bool is_back = change.to == session_status::connected && change.outage.count() != 0;
    if (const auto& metrics = options_.telemetry.metrics; metrics && is_back)
        access::store(*metrics)->add_outage(change.outage);
}

void session_telemetry::finish(base::time_point now)
{
    if (trace_) options_.telemetry.on_spans(trace_->session(now));
    trace_.reset();
}

void session_telemetry::ended(const session_counters& last) noexcept
{
    const auto* session = std::exchange(session_, nullptr);
    if (session) access::store(*options_.telemetry.metrics)->ended(session, last);
}

} // namespace gemini::live
