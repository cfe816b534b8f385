// The part of libuv 1.x that the addon uses. Handles stay opaque: their size is asked of the running library.
#pragma once

#include <cstddef>

extern "C" {
struct uv_loop_s;
struct uv_handle_s;
struct uv_async_s;
struct uv_poll_s;
struct uv_prepare_s;
struct uv_idle_s;
// uv_handle_type, uv_poll_event
inline constexpr int BUSBAR_UV_ASYNC = 1, BUSBAR_UV_IDLE = 6, BUSBAR_UV_POLL = 8, BUSBAR_UV_PREPARE = 9;
inline constexpr int BUSBAR_UV_READABLE = 1;
size_t uv_handle_size(int type);
int uv_async_init(uv_loop_s* loop, uv_async_s* async, void (*callback)(uv_async_s*));
int uv_async_send(uv_async_s* async);
int uv_poll_init(uv_loop_s* loop, uv_poll_s* poll, int fd);
int uv_poll_start(uv_poll_s* poll, int events, void (*callback)(uv_poll_s*, int status, int events));
int uv_prepare_init(uv_loop_s* loop, uv_prepare_s* prepare);
int uv_prepare_start(uv_prepare_s* prepare, void (*callback)(uv_prepare_s*));
int uv_prepare_stop(uv_prepare_s* prepare);
int uv_idle_init(uv_loop_s* loop, uv_idle_s* idle);
int uv_idle_start(uv_idle_s* idle, void (*callback)(uv_idle_s*));
int uv_idle_stop(uv_idle_s* idle);
int uv_backend_timeout(const uv_loop_s* loop);
int uv_backend_fd(const uv_loop_s* loop);
void uv_close(uv_handle_s* handle, void (*callback)(uv_handle_s*));
void uv_ref(uv_handle_s* handle);
void uv_unref(uv_handle_s* handle);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_handle_set_data(uv_handle_s* handle, void* data);
}
