#include "maitred/settings/edit_settings.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

std::string edited(const std::string& text) {
  const auto result = with_engine(text, "sface", "/etc/shop.toml");
  return result ? *result : result.error().code;
}

TEST(EditSettings, OnlyTheEngineChanges) {
  EXPECT_EQ(edited("# ours\n[store]\npath = \"s.db\"\n[models]\ndir = \"m\"\n"
                   "engine = \"retail\"   # the default\n[log]\nlevel = \"info\"\n"),
            "# ours\n[store]\npath = \"s.db\"\n[models]\ndir = \"m\"\n"
            "engine = \"sface\"   # the default\n[log]\nlevel = \"info\"\n");
}

TEST(EditSettings, AMissingKeyOrSectionIsAdded) {
  EXPECT_EQ(edited("[models]\ndir = \"m\"\n"), "[models]\nengine = \"sface\"\ndir = \"m\"\n");
  EXPECT_EQ(edited("[log]\nlevel = \"info\""),
            "[log]\nlevel = \"info\"\n\n[models]\nengine = \"sface\"\n");
}

TEST(EditSettings, AKeyOfAnotherSectionIsNotMeant) {
  EXPECT_EQ(
      edited("[models]\n# engine = \"demo\"\n[[camera]]\nname = \"engine\"\nsource = \"a\"\n"),
      "[models]\nengine = \"sface\"\n# engine = \"demo\"\n[[camera]]\nname = \"engine\"\n"
      "source = \"a\"\n");
}

TEST(EditSettings, WhatItCannotEditIsLeftToAPerson) {
  EXPECT_EQ(edited("models = {engine = \"retail\"}\n"), "config_not_editable");
  EXPECT_EQ(edited("[models]\nengine = 5\n"), "config_invalid");
}

}  // namespace
}  // namespace maitred
