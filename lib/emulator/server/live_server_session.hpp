// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/models.hpp"
#include "emulator/rules/refusal.hpp"
#include "emulator/rules/route.hpp"
#include "emulator/server/dialog.hpp"
#include "emulator/server/resumption_archive.hpp"
#include "emulator/server/server_session.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/testing/emulator.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live::emulator {

/// The service's side of a session. Validates client messages as the service does, admits the
/// client with its first one, the setup, and leaves the others to a `dialog`.
class live_server_session : public server_session {
public:
    /// `api_key` is the only key accepted; empty: any key. `pace` scales the length of pauses.
    /// Quirks that `quirks` leaves unset follow the model of the setup.
    live_server_session(emulator::route route, std::string api_key, double pace,
        std::shared_ptr<emulator::resumption_archive> archive, lifespan life = {},
        model_names names = {}, testing::emulator_quirks quirks = {});
    ~live_server_session() override;

    [[nodiscard]] actions on_message(std::string_view text, moment now) override;
    [[nodiscard]] actions on_timer(moment now) override;
    [[nodiscard]] std::optional<moment> next_timer() const override;

private:
    [[nodiscard]] actions hear_message(const protocol::json_value& message, moment now);
    [[nodiscard]] actions set_up(const protocol::json_value& setup, moment now);
    [[nodiscard]] actions fall_silent(std::string rule);
    [[nodiscard]] actions enter(moment now);
    [[nodiscard]] actions remember_end(actions what);

    emulator::route route_;
    std::string api_key_;
    double pace_;
    std::shared_ptr<emulator::resumption_archive> archive_;
    lifespan life_;
    model_names names_;
    testing::emulator_quirks quirks_;
    std::uint64_t number_;                               // of the connection
    std::optional<std::pair<moment, refusal>> deadline_; // for the setup, and then for its handle
    std::optional<moment> next_try_;         // to enter, while the handle's old connection is open
    std::optional<emulator::dialog> dialog_; // absent until the setup
    bool over_ = false;
};

} // namespace gemini::live::emulator
