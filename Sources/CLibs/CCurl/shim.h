#pragma once
#include <curl/curl.h>

// libcurl's setters are variadic, which Swift cannot call: one typed adapter for each kind of value.

static inline CURLcode tutti_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode tutti_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode tutti_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode tutti_curl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode tutti_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

typedef size_t (*tutti_curl_bytes)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode tutti_curl_set_bytes(CURL *easy, CURLoption option, tutti_curl_bytes callback) {
    return curl_easy_setopt(easy, option, callback);
}
typedef int (*tutti_curl_prereq)(void *context, char *remote, char *local, int remote_port, int local_port);
static inline CURLcode tutti_curl_set_prereq(CURL *easy, tutti_curl_prereq callback) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}
static inline CURLcode tutti_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode tutti_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

typedef int (*tutti_curl_socket)(CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context);
typedef int (*tutti_curl_timer)(CURLM *multi, long milliseconds, void *context);
static inline CURLMcode tutti_curl_multi_callbacks(CURLM *multi, tutti_curl_socket on_socket, tutti_curl_timer on_timer,
                                                   void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    return curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
static inline CURLMcode tutti_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
