// Requests and answers of a web server, as plain values without a network.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "maitred/base/time.h"

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
  // The client runs on this machine, as root or as the user of this server. Known only if the site
  // asks for it.
  bool own_user = false;

  // The first header of this name (in lower case); empty if there is none.
  std::string_view header(std::string_view name) const;
  // A value of the Cookie header; empty if there is none.
  std::string_view cookie(std::string_view name) const;
  // One value of a query like "a=1&b=two", decoded; empty if there is none.
  std::string parameter(std::string_view name) const;
  // The Origin that a browser sends for a page of this server: "https://till.example:7480".
  std::string own_origin() const;
  // True if a page of this very server sent the request. Programs that are not browsers send no
  // Origin, so it is false for them.
  bool same_origin() const { return header("origin") == own_origin(); }
};

struct WebResponse {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body{};
  WebHeaders headers{};  // besides length, type, cache (no-store unless said here) and the like
  Milliseconds wait{0};  // before it is sent: slows down who guesses
};

// {"error":{"code","message"}}
WebResponse web_error(int status, std::string_view code, std::string_view message);

}  // namespace maitred
