// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/tls_context_test.cpp
#pragma once

#include <openssl/ssl.h>

#include <memory>

/// Lifetimes of OpenSSL's objects.
namespace gemini::live::transport {

/// An object of OpenSSL's and the function that frees it.
template <class T>
using owned = std::unique_ptr<T, void (*)(T*)>;

/// The place of a T within each SSL, or each SSL_CTX; what is there is deleted together with it.
template <class T>
class place_in {
public:
    [[nodiscard]] static T* get(const SSL* connection) noexcept
    {
        return static_cast<T*>(SSL_get_ex_data(connection, of_connections()));
    }
    [[nodiscard]] static T* get(const SSL_CTX* context) noexcept
    {
        return static_cast<T*>(SSL_CTX_get_ex_data(context, of_contexts()));
    }
    /// Returns the T that is there; null when memory ran out.
    static T* put(SSL* connection, std::unique_ptr<T> one) noexcept
    {
        return SSL_set_ex_data(connection, of_connections(), one.get()) == 1 ? one.release()
                                                                             : nullptr;
    }
    static T* put(SSL_CTX* context, std::unique_ptr<T> one) noexcept
    {
        return SSL_CTX_set_ex_data(context, of_contexts(), one.get()) == 1 ? one.release()
                                                                           : nullptr;
    }

private:
    static void destroy(void*, void* one, CRYPTO_EX_DATA*, int, long, void*)
    {
        delete static_cast<T*>(one);
    }
    static int of_connections() noexcept
    {
        static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, &destroy);
        return index;
    }
    static int of_contexts() noexcept
    {
        static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &destroy);
        return index;
    }
};

} // namespace gemini::live::transport
