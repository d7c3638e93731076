// SPDX-License-Identifier: Apache-2.0
// What the backend of a web page does: it keeps the API key, and issues each visitor a token for
// one conversation on the backend's terms. Prints one token, with the lines that the page needs.
// Without a key it asks the emulator.
#include <asio.hpp>
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <iostream>
namespace live = gemini::live;

// doc:begin browser_token
asio::awaitable<live::ephemeral_token> token_for_a_visitor(live::client issuer)
{
    const auto now = std::chrono::system_clock::now();
    live::ephemeral_token_request request;
    request.uses = 1; // conversations; resuming one after an outage is free
    request.new_session_expire_time = now + std::chrono::minutes(2);
    request.expire_time = now + std::chrono::minutes(15);
    request.constraints = live::setup{.model = "gemini-3.8-live",
        .system_instruction = live::content("You are the guide of a small museum. Be brief."),
        .output_audio_transcription = live::on};
    co_return co_await live::create_ephemeral_token(issuer, std::move(request));
}
// doc:end

void print_page(const live::ephemeral_token& token)
{
    std::cout << "const ai = new GoogleGenAI({apiKey: '" << token.reveal()
              << "', httpOptions: {apiVersion: 'v1alpha'}});\n"
                 "const session = await ai.live.connect({model: 'gemini-3.8-live', callbacks});\n";
}

int main()
try {
    asio::io_context io;
    live::client_options options{.credentials = live::api_key::from_environment()};
    std::optional<live::testing::emulator> emulator;
    if (options.credentials.empty()) {
        emulator.emplace(io.get_executor());
        options.base_url = emulator->url();
        options.credentials = live::api_key("any");
        std::cerr << "No key is set: an emulator in this program makes the token, and knows it no "
                     "longer when the program ends.\n";
    }
    const live::client issuer{io.get_executor(), options};
    asio::co_spawn(
        io, token_for_a_visitor(issuer), [&](std::exception_ptr failure, const auto& token) {
            io.stop(); // otherwise the emulator keeps listening
            live::rethrow(failure);
            print_page(token);
        });
    io.run();
} catch (const live::error& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
