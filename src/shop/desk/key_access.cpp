#include "maitred/shop/desk/key_access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "maitred/base/file.h"

namespace maitred {
namespace {

constexpr std::size_t kLongestPassphrase = 1024;
constexpr std::ptrdiff_t kShortestNewPassphrase = 12;  // characters

// Switches the echo of a terminal off for its lifetime.
class EchoOff {
 public:
  explicit EchoOff(int fd) : fd_(fd), known_(::tcgetattr(fd, &before_) == 0) {
    termios quiet = before_;
    quiet.c_lflag &= static_cast<tcflag_t>(~ECHO);
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~EchoOff() {
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  int fd_;
  termios before_{};
  bool known_;
};

// Reads byte by byte, because a buffer of the C library would keep the passphrase.
Result<SecretBytes> read_line(int fd) {
  SecretBytes line(kLongestPassphrase);
  std::size_t length = 0;
  while (length < kLongestPassphrase && ::read(fd, line.data() + length, 1) == 1 &&
         line.data()[length] != '\n') {
    ++length;
  }
  if (length == 0) return environment_error("key_missing", "the passphrase is empty");
  return SecretBytes::copy_of({line.data(), length});
}

Result<SecretBytes> ask(int terminal, std::string_view prompt) {
  const EchoOff echo_off(terminal);
  (void)!::write(terminal, prompt.data(), prompt.size());
  auto line = read_line(terminal);
  (void)!::write(terminal, "\n", 1);
  return line;
}

}  // namespace

Status check_new_passphrase(const SecretBytes& passphrase) {
  // Continuation bytes of UTF-8 are not counted.
  const auto characters = std::ranges::count_if(
      passphrase.span(), [](std::uint8_t byte) { return (byte & 0xC0U) != 0x80U; });
  if (characters >= kShortestNewPassphrase) return {};
  return input_error("passphrase_short",
                     fmt::format("a new passphrase needs at least {} characters: take four or five "
                                 "unrelated words",
                                 kShortestNewPassphrase));
}

Result<SecretBytes> read_passphrase(const PassphraseQuestion& question) {
  if (question.file != nullptr) {
    const UniqueFd file(::open(question.file, O_RDONLY | O_CLOEXEC));
    if (!file) {
      return environment_error(
          "key_missing", fmt::format("cannot read the file that ${} names", question.variable));
    }
    MAITRED_ASSIGN(SecretBytes passphrase, read_line(file.get()));
    if (question.confirm) MAITRED_TRY(check_new_passphrase(passphrase));
    return passphrase;
  }
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal) {
    return environment_error(
        "key_missing",
        fmt::format("a passphrase is needed, but there is no terminal to ask for it: "
                    "put it in a file of mode 0600 and name the file in ${}",
                    question.variable));
  }
  MAITRED_ASSIGN(SecretBytes passphrase, ask(terminal.get(), question.prompt));
  if (question.confirm) {
    MAITRED_TRY(check_new_passphrase(passphrase));
    MAITRED_ASSIGN(const SecretBytes again, ask(terminal.get(), "Once more: "));
    if (!std::ranges::equal(passphrase.span(), again.span())) {
      return input_error("passphrase_differs", "the two passphrases differ: nothing was created");
    }
  }
  return passphrase;
}

Result<KeyAccess> key_access(const std::string& key, const KeySurroundings& surroundings) {
  KeyAccess access;
  MAITRED_ASSIGN(access.source, KeySource::parse(key));
  if (surroundings.credentials_folder != nullptr) {
    access.credentials_folder = surroundings.credentials_folder;
  }
  if (access.source.kind == KeyKind::kPassphrase) {
    MAITRED_ASSIGN(access.passphrase,
                   read_passphrase({surroundings.passphrase_file, "MAITRED_PASSPHRASE_FILE",
                                    "Passphrase of the store: ", surroundings.confirm}));
  }
  return access;
}

}  // namespace maitred
