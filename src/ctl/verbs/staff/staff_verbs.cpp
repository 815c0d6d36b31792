// watch, staff.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "alert_screen.h"
#include "maitred/admin/staff.h"
#include "maitred/base/json.h"
#include "maitred/base/one_line.h"
#include "maitred/doors/staff/staff_client.h"
#include "maitred/shop/desk/shop.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

volatile std::sig_atomic_t interrupted = 0;

// The error for which `watch` ends: the arguments are wrong, and a retry would not help.
std::optional<Error> hopeless;

struct WatchOptions {
  std::string as, server;
  ServerTrust tls;
  std::uint64_t after = 0;
  std::uint64_t count = 0;
  double seconds = 0.0;
};

// While it exists, the terminal delivers keys one by one, without echo.
class RawTerminal {
 public:
  RawTerminal() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO));
    if (known_) ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fmt::print("\033[?1049h\033[?25l");
  }
  ~RawTerminal() {
    fmt::print("\033[?25h\033[?1049l");
    std::fflush(stdout);
    if (known_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  bool known_;
};

std::string default_name() {
  const char* user = std::getenv("USER");
  return user != nullptr && *user != '\0' ? user : "terminal";
}

Result<StaffClientOptions> client_options(Session& session, const WatchOptions& options) {
  StaffClientOptions client;
  client.server = options.server;
  client.tls = options.tls;
  client.tls.on = client.tls.on || !client.tls.authorities.empty() ||
                  !client.tls.certificate.empty() || !client.tls.pin.empty();
  if (client.server.empty()) {
    MAITRED_ASSIGN(const Settings* settings, session.settings());
    const ListenSettings& listen = settings->staff.listen;
    const bool v6 = listen.address.find(':') != std::string::npos;
    client.server =
        fmt::format("{}{}{}:{}", v6 ? "[" : "", listen.address, v6 ? "]" : "", listen.port);
    // Trust exactly the certificate in the configuration of the daemon.
    if (!settings->staff.tls_cert.empty() && !client.tls.on) {
      client.tls.on = true;
      client.tls.certificate = settings->staff.tls_cert;
    }
  }
  if (const char* token = std::getenv("MAITRED_STAFF_TOKEN")) client.token = token;
  client.after = options.after;
  return client;
}

json update_json(const Alert& update) {
  return {{"type", "update"},
          {"seq", update.seq},
          {"visit", update.visit.value},
          {"state", word(update.state)},
          {"by", update.by}};
}

// True if a retry does not help: wrong address, missing or refused token.
bool is_hopeless(const StaffDisconnected& gone) {
  return gone.why.fault == Fault::kInput || gone.why.code == "auth_required" ||
         gone.why.code == "bad_token";
}

// Prints one line for each event, for pipes.
void print_event(const StaffEvent& event, bool as_json, std::uint64_t& alerts) {
  if (const auto* alert = std::get_if<StaffAlertEvent>(&event)) {
    if (alert->first) ++alerts;
    fmt::print("{}\n", as_json
                           ? json_text(to_json(alert->alert))
                           : one_line(fmt::format("{} {}: {} ({})", format_time(alert->alert.at),
                                                  alert->alert.camera, alert->alert.headline,
                                                  alert->alert.customer.name)));
  } else if (const auto* update = std::get_if<StaffUpdateEvent>(&event)) {
    fmt::print("{}\n", as_json ? json_text(update_json(update->alert))
                               : fmt::format("visit {} {}", update->alert.visit.value,
                                             word(update->alert.state)));
  } else if (const auto* gone = std::get_if<StaffDisconnected>(&event)) {
    if (is_hopeless(*gone)) hopeless = gone->why;
    if (!hopeless) fmt::print(stderr, "maitredctl: {}; trying again\n", gone->why.message);
  } else if (const auto* error = std::get_if<StaffError>(&event)) {
    fmt::print(stderr, "maitredctl: {}\n", error->message);
  }
  std::fflush(stdout);
}

bool time_is_up(Timestamp start, double seconds) {
  return seconds > 0.0 &&
         std::chrono::steady_clock::now() - start > std::chrono::duration<double>(seconds);
}

Answer watch_in_pipe(const StaffClientOptions& client_options, const WatchOptions& options,
                     bool as_json) {
  std::uint64_t alerts = 0;
  StaffClient client(client_options, [&](const StaffEvent& event) {
    if (options.count == 0 || alerts < options.count) print_event(event, as_json, alerts);
  });
  const Timestamp start = std::chrono::steady_clock::now();
  while (interrupted == 0 && !hopeless && !time_is_up(start, options.seconds) &&
         (options.count == 0 || alerts < options.count)) {
    client.poll(Milliseconds{200});
  }
  Answer answer;
  if (options.count > 0 && alerts < options.count) answer.status = static_cast<int>(Fault::kNo);
  return answer;
}

void draw(const AlertScreen& screen, const std::string& note, const std::string& server) {
  winsize size{};
  ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  const std::size_t columns = size.ws_col > 20 ? size.ws_col : 80;
  constexpr std::size_t kAround = 5;  // the title, the keys, and what separates them
  const std::size_t rows = size.ws_row > kAround ? size.ws_row - kAround : 24 - kAround;
  fmt::print("\033[H\033[J\033[1mmaitred\033[0m  {}  {}\n\n", server, one_line(note));
  for (const std::string& line : screen.lines(wall_now(), {columns, rows}))
    fmt::print("{}\n", line);
  fmt::print(
      "\n\033[2m up/down select   c claim   s served   d declined   w wrong person   "
      "n not found   q quit\033[0m\n");
  std::fflush(stdout);
}

// Handles a key. Returns false to quit.
bool act(char key, StaffClient& client, AlertScreen& screen, const std::string& as) {
  static const std::map<char, Outcome> kOutcomes = {{'s', Outcome::kServed},
                                                    {'d', Outcome::kDeclined},
                                                    {'w', Outcome::kWrongPerson},
                                                    {'n', Outcome::kNotFound}};
  if (key == 'q') return false;
  if (key == 'j' || key == 'B') screen.select_next();
  if (key == 'k' || key == 'A') screen.select_previous();
  const auto visit = screen.selected();
  if (!visit) return true;
  if (key == 'c') (void)client.claim(*visit, as);
  const auto outcome = kOutcomes.find(key);
  if (outcome != kOutcomes.end()) (void)client.close(*visit, outcome->second, "", as);
  return true;
}

Answer watch_on_terminal(const StaffClientOptions& client_options, const WatchOptions& options) {
  const RawTerminal raw;
  AlertScreen screen;
  screen.set_connected(false);
  std::string note = "connecting";
  StaffClient client(client_options, [&](const StaffEvent& event) {
    if (std::holds_alternative<StaffConnected>(event)) {
      note = "connected";
      screen.set_connected(true);
    }
    if (const auto* gone = std::get_if<StaffDisconnected>(&event)) {
      note = "OFFLINE: " + gone->why.message;
      screen.set_connected(false);
      if (is_hopeless(*gone)) hopeless = gone->why;
    }
    if (const auto* alert = std::get_if<StaffAlertEvent>(&event)) {
      if (alert->first) fmt::print("\a");
      screen.show(alert->alert);
    }
    if (const auto* update = std::get_if<StaffUpdateEvent>(&event)) screen.update(update->alert);
    if (const auto* claimed = std::get_if<StaffClaimed>(&event)) {
      if (!claimed->ok) note = "already claimed by " + claimed->by;
    }
    if (const auto* error = std::get_if<StaffError>(&event)) note = error->message;
  });
  const std::string as = options.as.empty() ? default_name() : options.as;
  for (bool going = true; going && interrupted == 0 && !hopeless;) {
    draw(screen, note, client_options.server);
    if (!client.poll(Milliseconds{500}, STDIN_FILENO)) continue;
    char key = 'q';
    if (::read(STDIN_FILENO, &key, 1) != 1) break;
    going = act(key, client, screen, as);
  }
  return {};
}

Result<Answer> watch(Session& session, const WatchOptions& options) {
  MAITRED_ASSIGN(const StaffClientOptions client, client_options(session, options));
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
  const bool as_json = session.options().json;
  const bool terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (as_json || !terminal) {
    const Answer answer = watch_in_pipe(client, options, as_json);
    if (hopeless) return tl::unexpected(*hopeless);
    std::exit(answer.status);  // the lines are the output; no closing object
  }
  const Answer answer = watch_on_terminal(client, options);
  if (hopeless) return tl::unexpected(*hopeless);
  return answer;
}

void add_watch(CommandLine& line) {
  auto options = std::make_shared<WatchOptions>();
  CLI::App* verb = add_verb(line, "watch", "Show alerts as they come; claim and close them");
  verb->add_option("--as", options->as, "Your name, for claims (default: the user's)");
  verb->add_option("--server", options->server, "Address and port, if not that of staff.listen");
  verb->add_flag("--tls", options->tls.on, "TLS, with a certificate of a known authority");
  auto* ca = verb->add_option("--ca", options->tls.authorities,
                              "TLS, with a certificate of an authority in this PEM file");
  auto* cert = verb->add_option("--cert", options->tls.certificate,
                                "TLS, with just the certificate in this PEM file");
  verb->add_option("--pin", options->tls.pin, "TLS, with the certificate of this SHA-256")
      ->excludes(ca)
      ->excludes(cert->excludes(ca));
  verb->add_option("--after", options->after, "Only alerts after this seq");
  verb->add_option("--count", options->count, "In a pipe: end after this number of alerts");
  verb->add_option("--seconds", options->seconds, "In a pipe: end after this time");
  verb->footer("If staff tokens exist, set $MAITRED_STAFF_TOKEN to yours.");
  verb->callback(
      [&line, options] { line.run = [&line, options] { return watch(line.session, *options); }; });
}

std::string joined(const json& words) {
  std::string text;
  for (const json& word : words) text += (text.empty() ? "" : ", ") + word.get<std::string>();
  return text.empty() ? "-" : text;
}

struct StaffOptions {
  std::string name;
  std::vector<std::string> skills, zones;
  bool manager = false;
  bool system = false;

  // The arguments of a verb of the core. A verb refuses fields that are not its own.
  json args(std::string_view core_verb) const {
    if (core_verb == "staff_list") return json_of(NoArgs());
    if (core_verb == "staff_revoke") return json_of(verbs::StaffRevokeArgs{name});
    return json_of(verbs::StaffAddArgs{name, skills, zones, manager, system});
  }
};

std::string staff_text(const json& list) {
  std::vector<std::vector<std::string>> rows;
  for (const json& member : list.value("staff", json::array())) {
    rows.push_back({member.value("name", ""), member.value("added", ""),
                    joined(member.value("skills", json::array())),
                    joined(member.value("zones", json::array())),
                    member.value("system", false)    ? "system"
                    : member.value("manager", false) ? "manager"
                                                     : "-"});
  }
  return rows.empty() ? "No staff terminals: any program on this machine may connect.\n"
                      : format_table({"NAME", "ADDED", "SKILLS", "ZONES", "ROLE"}, rows);
}

void add_staff(CommandLine& line) {
  auto options = std::make_shared<StaffOptions>();
  CLI::App* staff = add_verb(line, "staff", "Staff terminals and their tokens");
  staff->require_subcommand(1);
  const auto add = [&](const char* verb_name, const char* description, const char* core_verb,
                       std::function<std::string(const json&)> text) {
    CLI::App* verb = staff->add_subcommand(verb_name, description);
    verb->fallthrough();
    verb->callback([&line, options, core_verb, text] {
      line.run = [&line, options, core_verb, text]() -> Result<Answer> {
        Answer answer;
        MAITRED_ASSIGN(answer.object, line.session.ask(core_verb, options->args(core_verb)));
        answer.text = text(answer.object);
        return answer;
      };
    });
    return verb;
  };
  CLI::App* added =
      add("add", "Make a token; it is shown once", "staff_add", [](const json& answer) {
        return fmt::format("Token of {}, shown this once: {}\n", answer.value("name", ""),
                           answer.value("token", ""));
      });
  added->add_option("NAME", options->name, "Name of the terminal")->required();
  added->add_option("--skill", options->skills, "Skill of its staff; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  added->add_option("--zone", options->zones, "Zone of the shop; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  added->add_flag("--manager", options->manager,
                  "Managers: called last, if nobody has claimed, or by a rule");
  added->add_flag("--system", options->system,
                  "A point-of-sale or CRM system, for the HTTP API ([api]) only");
  add("revoke", "Revoke a token; its connections end at once", "staff_revoke",
      [](const json& answer) { return fmt::format("Revoked {}.\n", answer.value("name", "")); })
      ->add_option("NAME", options->name, "Name of the terminal")
      ->required();
  add("list", "Terminals that have a token", "staff_list", staff_text);
}

}  // namespace

void add_staff_verbs(CommandLine& line) {
  add_watch(line);
  add_staff(line);
}

}  // namespace maitred
