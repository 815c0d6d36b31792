// Verbs: kept photos, and the change of engine that they allow.
#pragma once

#include <string>
#include <vector>

#include "maitred/admin/photo_reports.h"
#include "maitred/admin/verb.h"
#include "maitred/shop/desk/shop.h"

namespace maitred::verbs {

struct EngineMembersArgs {
  std::string engine;

  static void describe(auto& fields, auto& it) { fields.needed("engine", it.engine); }
};

struct EngineMembersAnswer {
  struct Member {
    CustomerId id;
    std::uint64_t photos = 0;  // kept
    bool done = false;         // has templates of the engine

    static void describe(auto& fields, auto& it) {
      fields.needed("id", it.id);
      fields.needed("photos", it.photos);
      fields.needed("done", it.done);
    }
  };
  std::vector<Member> members;

  static void describe(auto& fields, auto& it) { fields.needed("members", it.members); }
};

struct KeptPhotosArgs {
  CustomerId id;
  std::string engine;  // that they are read for

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("engine", it.engine);
  }
};

struct KeptPhotosAnswer {
  std::vector<std::string> photos;  // base64

  static void describe(auto& fields, auto& it) { fields.needed("photos", it.photos); }
};

struct ReembedArgs {
  CustomerId id;
  std::string engine;
  std::vector<PhotoReport> photos;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("engine", it.engine);
    fields.optional("photos", it.photos);
  }
};

struct ReembedAnswer {
  CustomerId id;
  std::size_t templates = 0;

  static void describe(auto& fields, auto& it) {
    fields.needed("id", it.id);
    fields.needed("templates", it.templates);
  }
};

// Everyone who may be recognised.
Result<EngineMembersAnswer> engine_members(Shop& shop, const EngineMembersArgs& args,
                                           const Actor& actor);
Result<KeptPhotosAnswer> kept_photos(Shop& shop, const KeptPhotosArgs& args, const Actor& actor);
// Gives the customer templates of another engine. Errors: consent_missing (kInput); those of
// templates_of.
Result<ReembedAnswer> reembed(Shop& shop, const ReembedArgs& args, const Actor& actor);

std::vector<Verb> photo_verbs();

}  // namespace maitred::verbs
