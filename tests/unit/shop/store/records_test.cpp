// The inside of sealed rows: what is written can be read, and nothing else can.
#include "src/shop/store/rows/records_json.h"
#include "store_fixture.h"

namespace maitred {
namespace {

ByteView view(std::string_view text) { return bytes_of(text); }

template <class Record>
std::string text_of(const Record& record) {
  const ClearBytes bytes = must(encode_record(record));
  return {bytes.begin(), bytes.end()};
}

TEST(Records, RefuseWhatIsNoRecord) {
  for (const char* text : {"", "{", "[]", "null", "1", "{}", "{\"v\":1}", "{\"v\":2}", "\xff",
                           "{\"v\":1,\"number\":-1}"}) {
    EXPECT_FALSE(decode_record<CustomerRecord>(view(text))) << text;
    EXPECT_FALSE(decode_record<Consent>(view(text))) << text;
    EXPECT_FALSE(decode_record<Ask>(view(text))) << text;
    EXPECT_FALSE(decode_record<StoredAlert>(view(text))) << text;
    EXPECT_FALSE(decode_record<AuditRow>(view(text))) << text;
    EXPECT_FALSE(decode_record<Template>(view(text))) << text;
  }
}

TEST(Records, RefuseAnotherVersionAndOneByteLess) {
  const std::string good = text_of(consent_to());
  EXPECT_TRUE(decode_record<Consent>(view(good)));
  std::string newer = good;
  newer.replace(newer.find("\"v\":1"), 5, "\"v\":2");
  EXPECT_FALSE(decode_record<Consent>(view(newer)));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(decode_record<Consent>(view(good.substr(0, length))));
  }
}

TEST(Records, RefuseUnknownWordsAndNumbersOutOfRange) {
  EXPECT_FALSE(
      decode_record<Feedback>(view(R"({"v":1,"visit":"x","rating":11,"comment":"","at":0})")));
  EXPECT_FALSE(
      decode_record<Feedback>(view(R"({"v":1,"visit":"x","rating":1,"comment":"","at":1e300})")));
  EXPECT_FALSE(decode_record<Feedback>(
      view(R"({"v":1,"visit":"x","rating":1,"comment":"","at":99999999999999999})")));
  EXPECT_TRUE(
      decode_record<Feedback>(view(R"({"v":1,"visit":"x","rating":1,"comment":"","at":0})")));
  EXPECT_FALSE(decode_record<AlertEvent>(
      view(R"({"v":1,"seq":1,"visit":"x","state":"angry","at":0,"by":""})")));
}

TEST(Records, RefuseWhatIsTooLong) {
  Ask ask{1, std::string(kLongestRecord, 'x'), "", kNow, true};
  EXPECT_EQ(code_of(encode_record(ask)), "field_invalid");
  EXPECT_FALSE(decode_record<Ask>(view(std::string(kLongestRecord + 1, ' '))));
  EXPECT_FALSE(decode_record<Ask>(view(std::string(60000, '['))));
}

TEST(Records, NothingIsWrittenThatCouldNotBeRead) {
  Ask ask{1, "x", "", WallTime(Milliseconds::max()), true};
  EXPECT_EQ(code_of(encode_record(ask)), "field_invalid");
  ask.at = WallTime(Milliseconds(-1));
  EXPECT_EQ(code_of(encode_record(ask)), "");
  ask.text = "\xc3(";
  EXPECT_EQ(code_of(encode_record(ask)), "field_invalid");
}

TEST(Records, TheStateOfARotationIsAVersionedRecord) {
  const RotationState state{3, 9, 1, 2, 8, 1, 2};
  EXPECT_EQ(
      text_of(state),
      R"({"after":3,"done":2,"groups":2,"last":9,"next_group":1,"old_slot":1,"total":8,"v":1})");
  const auto read = decode_record<RotationState>(view(text_of(state)));
  ASSERT_TRUE(read);
  EXPECT_EQ(text_of(*read), text_of(state));
  EXPECT_FALSE(decode_record<RotationState>(view(std::string(56, '\0'))));
  EXPECT_EQ(text_of(NotedTime{WallTime(Milliseconds(5))}), R"({"at":5,"v":1})");
  EXPECT_FALSE(decode_record<NotedTime>(view(std::string(8, '\0'))));
}

TEST(Records, TemplatesKeepTheirEngineAndValues) {
  const Template plain = made_up_template(1);
  const ClearBytes bytes = must(encode_record(plain));
  const auto read = decode_record<Template>(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->engine(), "retail");
  EXPECT_NEAR(similarity(*read, plain).value, 1.0F, 1e-6);
  EXPECT_EQ(read->quality(), 1.0F);
  const auto poor = decode_record<Template>(
      must(encode_record(Template(plain.engine(), plain.values(), 0.375F))));
  ASSERT_TRUE(poor);
  EXPECT_EQ(poor->quality(), 0.375F);
  for (std::size_t length = 0; length < bytes.size(); length += 7) {
    EXPECT_FALSE(decode_record<Template>(ByteView(bytes).first(length)));
  }
  for (const int last : {1, 5}) {  // the quality, and the last of the values
    ClearBytes not_a_number = bytes;
    for (int byte = 0; byte < 4; ++byte) *(not_a_number.end() - last - byte) = 0xff;
    EXPECT_FALSE(decode_record<Template>(not_a_number));
  }
  EXPECT_EQ(code_of(encode_record(Template())), "field_invalid");
}

TEST(Records, TemplatesOfTheFirstVersionHaveNoQuality) {
  const Template plain = made_up_template(1);
  ClearBytes bytes = must(encode_record(plain));
  bytes.resize(bytes.size() - sizeof(float));
  bytes[0] = 1;
  const auto read = decode_record<Template>(bytes);
  ASSERT_TRUE(read);
  EXPECT_NEAR(similarity(*read, plain).value, 1.0F, 1e-6);
  EXPECT_EQ(read->quality(), 1.0F);
}

}  // namespace
}  // namespace maitred
