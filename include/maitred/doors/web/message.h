// What a web server hears and says: plain values, no network in them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maitred {

using WebHeaders = std::vector<std::pair<std::string, std::string>>;

struct WebRequest {
  std::string method;  // "GET" (also for HEAD), "POST", ...
  std::string path;    // "/alerts"; not decoded
  std::string query;   // what follows '?'; not decoded
  WebHeaders headers;  // names in lower case
  std::string body;
  std::string peer;     // the client's address in numbers
  bool secure = false;  // over TLS

  // The first of this name (in lower case), or nothing.
  std::string_view header(std::string_view name) const;
  // A value of the Cookie header, or nothing.
  std::string_view cookie(std::string_view name) const;
  // One value of a query as "a=1&b=two", decoded; empty when it is not there.
  std::string parameter(std::string_view name) const;
  // "https://till.example:7480", as a browser would say of a page from this server.
  std::string own_origin() const;
  // Whether a page of this very server sent it. Programs that are no browsers send no Origin, and
  // are told apart by that: nothing is "from here" without one.
  bool same_origin() const { return header("origin") == own_origin(); }
};

struct WebResponse {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body{};
  WebHeaders headers{};  // besides length, type, cache (no-store unless said here) and the like
};

// {"error":{"code","message"}}
WebResponse web_error(int status, std::string_view code, std::string_view message);

}  // namespace maitred
