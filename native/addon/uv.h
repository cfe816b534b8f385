// The part of libuv 1.x that the addon uses. Handles stay opaque: their size is asked of the running library.
#pragma once

#include <cstddef>

extern "C" {
struct uv_loop_s;
struct uv_handle_s;
struct uv_async_s;
inline constexpr int BUSBAR_UV_ASYNC = 1;  // uv_handle_type UV_ASYNC
size_t uv_handle_size(int type);
int uv_async_init(uv_loop_s* loop, uv_async_s* async, void (*callback)(uv_async_s*));
int uv_async_send(uv_async_s* async);
void uv_close(uv_handle_s* handle, void (*callback)(uv_handle_s*));
void uv_ref(uv_handle_s* handle);
void uv_unref(uv_handle_s* handle);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_handle_set_data(uv_handle_s* handle, void* data);
}
