// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Marks what the library exports to its emulator only. This interface is internal: it changes with
/// any version, so both libraries are installed in the same one. The public headers export what
/// they declare; everything else is hidden (docs/adr/0012).
#define GEMINI_LIVE_FOR_EMULATOR [[gnu::visibility("default")]]
