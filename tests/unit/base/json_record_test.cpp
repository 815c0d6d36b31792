// One description of fields serves reading and writing.
#include "maitred/base/json_record.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

using nlohmann::json;

enum class Colour { kRed, kBlue };
std::string_view colour_word(Colour colour) { return colour == Colour::kRed ? "red" : "blue"; }
std::optional<Colour> colour_from_word(std::string_view text) {
  if (text == "red") return Colour::kRed;
  if (text == "blue") return Colour::kBlue;
  return std::nullopt;
}

struct Wheel {
  int spokes = 32;
};
struct Frame {
  std::string maker;
};
struct Bicycle {
  std::uint64_t number = 0;
  std::string owner;
  WallTime made{};
  std::optional<WallTime> sold;
  Colour colour = Colour::kBlue;
  std::set<Colour> also;
  std::vector<Wheel> wheels;
  std::map<std::string, std::string> parts;
  bool bell = false;
  Frame frame;
};

constexpr auto kWheelFields = record_fields<Wheel>(field("spokes", &Wheel::spokes, {.most = 48}));
constexpr auto kFrameFields = record_fields<Frame>(field("maker", &Frame::maker));
constexpr auto kBicycleFields = record_fields<Bicycle>(
    field("number", &Bicycle::number),
    field("owner", &Bicycle::owner,
          {.kind = FieldRule::Kind::kLine, .may_be_empty = false, .longest_bytes = 8}),
    time_ms("made", &Bicycle::made), time_text("sold", &Bicycle::sold, kOptionalField),
    word_field("colour", &Bicycle::colour, colour_from_word, colour_word, kOptionalField),
    word_field("also", &Bicycle::also, colour_from_word, colour_word, kOptionalField),
    object_field("wheels", &Bicycle::wheels, kWheelFields, {.most_elements = 2}),
    field("parts", &Bicycle::parts, kOptionalField), field("bell", &Bicycle::bell, kOptionalField),
    fields_of(&Bicycle::frame, kFrameFields));

Bicycle plain() {
  Bicycle bicycle;
  bicycle.number = 7;
  bicycle.owner = "Kim";
  bicycle.made = WallTime(Milliseconds(5));
  bicycle.wheels = {{.spokes = 28}, {.spokes = 36}};
  bicycle.frame.maker = "Gazelle";
  return bicycle;
}

TEST(JsonRecord, OptionalFieldsWithTheirDefaultAreNotWritten) {
  EXPECT_EQ(write_record(plain(), kBicycleFields),
            json::parse(R"({"number":7,"owner":"Kim","made":5,
                            "wheels":[{"spokes":28},{"spokes":36}],"maker":"Gazelle"})"));
}

TEST(JsonRecord, EveryKindOfFieldIsReadAsItWasWritten) {
  Bicycle bicycle = plain();
  bicycle.sold = WallTime(Milliseconds(1'700'000'000'000));
  bicycle.colour = Colour::kRed;
  bicycle.also = {Colour::kRed, Colour::kBlue};
  bicycle.parts = {{"saddle", "wide"}};
  bicycle.bell = true;
  const json object = write_record(bicycle, kBicycleFields);
  EXPECT_EQ(object["sold"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(object["also"], json::parse(R"(["red","blue"])"));
  const auto read = read_record(object, kBicycleFields);
  ASSERT_TRUE(read);
  EXPECT_EQ(write_record(*read, kBicycleFields), object);
}

TEST(JsonRecord, KeysKeepTheOrderOfTheDescription) {
  const auto object = write_record<nlohmann::ordered_json>(plain(), kBicycleFields);
  EXPECT_EQ(ordered_text(object),
            R"({"number":7,"owner":"Kim","made":5,"wheels":[{"spokes":28},{"spokes":36}],)"
            R"("maker":"Gazelle"})");
}

TEST(JsonRecord, AWrongFieldIsNamed) {
  const json good = write_record(plain(), kBicycleFields);
  const auto wrong_after = [&good](const char* key, const json& value) {
    json object = good;
    object[key] = value;
    std::string wrong = "nothing";
    const bool read = read_record(object, kBicycleFields, &wrong).has_value();
    EXPECT_EQ(read, wrong == "nothing");
    return wrong;
  };
  EXPECT_EQ(wrong_after("number", 8), "nothing");
  EXPECT_EQ(wrong_after("number", -1), "number");
  EXPECT_EQ(wrong_after("number", "7"), "number");
  EXPECT_EQ(wrong_after("owner", ""), "owner");
  EXPECT_EQ(wrong_after("owner", "a\nb"), "owner");
  EXPECT_EQ(wrong_after("owner", "too long a name"), "owner");
  EXPECT_EQ(wrong_after("made", 1.5), "made");
  EXPECT_EQ(wrong_after("made", 253402300800000), "made");
  EXPECT_EQ(wrong_after("made", 18446744073709551615U), "made");
  EXPECT_EQ(wrong_after("sold", "yesterday"), "sold");
  EXPECT_EQ(wrong_after("sold", nullptr), "sold");
  EXPECT_EQ(wrong_after("colour", "green"), "colour");
  EXPECT_EQ(wrong_after("also", json::array({"red", 1})), "also");
  EXPECT_EQ(wrong_after("wheels", json::array({{{"spokes", 49}}})), "wheels");
  EXPECT_EQ(wrong_after("wheels", json::array({1})), "wheels");
  EXPECT_EQ(
      wrong_after("wheels", json::array({good["wheels"][0], good["wheels"][0], good["wheels"][0]})),
      "wheels");
  EXPECT_EQ(wrong_after("parts", json{{"saddle", 1}}), "parts");
  EXPECT_EQ(wrong_after("bell", 1), "bell");
}

TEST(JsonRecord, AMissingFieldIsWrongOnlyIfItIsRequired) {
  json object = write_record(plain(), kBicycleFields);
  object["colour"] = "red";
  object.erase("colour");
  const auto read = read_record(object, kBicycleFields);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->colour, Colour::kBlue);
  object.erase("maker");
  std::string wrong;
  EXPECT_FALSE(read_record(object, kBicycleFields, &wrong));
  EXPECT_EQ(wrong, "maker");
}

TEST(JsonRecord, WhatIsNoObjectIsNoRecord) {
  for (const char* text : {"null", "1", "[]", "\"x\""}) {
    EXPECT_FALSE(read_record(json::parse(text), record_fields<Bicycle>())) << text;
  }
}

TEST(JsonRecord, AFieldThatTheDescriptionDoesNotNameIsFound) {
  json object = write_record(plain(), kBicycleFields);
  EXPECT_EQ(unknown_field(object, kBicycleFields), std::nullopt);
  object["basket"] = true;
  EXPECT_EQ(unknown_field(object, kBicycleFields), "basket");
}

}  // namespace
}  // namespace maitred
