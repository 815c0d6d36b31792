// export, paper.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "maitred/admin/enrolment.h"
#include "maitred/base/file.h"
#include "src/ctl/documents/customer_documents.h"
#include "src/ctl/documents/papers.h"
#include "src/ctl/documents/zip_file.h"
#include "src/ctl/verbs/verbs.h"

namespace maitred {
namespace {

using nlohmann::json;

struct PaperOptions {
  std::string id, kind, output;
  std::string format = "json";
  std::string paper_format = "text";
};

std::string pretty(const json& object) {
  return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

// Returns the ending of the file name by the first bytes. Only these three formats are ever kept.
const char* photo_ending(const std::vector<std::uint8_t>& photo) {
  if (photo.size() > 4 && photo[0] == 0x89 && photo[1] == 'P') return "png";
  if (photo.size() > 4 && photo[0] == 'R' && photo[1] == 'I') return "webp";
  return "jpg";
}

Result<std::string> archive_of(const json& held) {
  json data = held;
  data.erase("photos");
  const Document document = export_document(held);
  std::vector<ZipEntry> files = {{"customer.json", pretty(data)},
                                 {"customer.html", document.html()},
                                 {"customer.txt", document.text()}};
  int number = 0;
  for (const json& photo : held.value("photos", json::array())) {
    MAITRED_ASSIGN(const auto bytes, from_base64(photo.get<std::string>()));
    files.push_back({fmt::format("photos/{}.{}", ++number, photo_ending(bytes)),
                     std::string(bytes.begin(), bytes.end())});
  }
  return zip_file(files);
}

// A ZIP goes to --output, or else into the pipe, or else, on a terminal, to export-ID.zip.
Result<Answer> export_customer(Session& session, const PaperOptions& options) {
  Answer answer;
  MAITRED_ASSIGN(const json held, session.ask("export", verbs::ShowArgs{options.id}));
  const bool zip = options.format == "zip";
  std::string content = pretty(held);
  if (zip) {
    MAITRED_ASSIGN(content, archive_of(held));
  }
  std::string file = options.output;
  const bool to_pipe = !session.options().json && ::isatty(STDOUT_FILENO) == 0;
  if (zip && file.empty() && !to_pipe) file = fmt::format("export-{}.zip", options.id);
  if (file.empty()) {
    answer.object = held;
    answer.text = content;
    return answer;
  }
  MAITRED_TRY(write_private(file, content));
  answer.object = {{"id", options.id}, {"file", file}, {"bytes", content.size()}};
  answer.text = fmt::format("Wrote {}: {} bytes, in clear; hand it to the customer only.\n", file,
                            content.size());
  return answer;
}

Result<Answer> paper(Session& session, const PaperOptions& options) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  const auto kind = paper_from_word(options.kind);
  if (!kind) {
    return input_error("bad_usage", "a paper is one of dpia, records, signage");
  }
  const Document document = write_paper(*kind, *settings);
  Answer answer;
  answer.object = {{"paper", options.kind}};
  if (options.output.empty()) {
    answer.object["text"] = options.paper_format == "html" ? document.html() : document.text();
  }
  return with_document(std::move(answer), document, options.paper_format, options.output);
}

}  // namespace

void add_paper_verbs(CommandLine& line) {
  auto options = std::make_shared<PaperOptions>();
  CLI::App* held = add_verb(line, "export", "Everything held on a customer, for them");
  held->add_option("ID", options->id, "Customer id")->required();
  held->add_option("--format", options->format, "json, or zip with a readable page and the photos")
      ->check(CLI::IsMember({"json", "zip"}));
  held->add_option("--output", options->output, "Write it to this file");
  held->callback([&line, options] {
    line.run = [&line, options] { return export_customer(line.session, *options); };
  });
  CLI::App* papers =
      add_verb(line, "paper",
               "Papers a shop must have, filled in from the configuration: dpia (impact "
               "assessment), records (of processing), signage (for the entrance)");
  papers->add_option("KIND", options->kind, "dpia, records or signage")->required();
  add_document_options(papers, options->paper_format, options->output);
  papers->callback(
      [&line, options] { line.run = [&line, options] { return paper(line.session, *options); }; });
}

}  // namespace maitred
