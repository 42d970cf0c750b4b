// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/unpickler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/refusal_testing.h"

namespace sonde {
namespace {

using namespace test;
using namespace test::pickle;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

PickledTensors unpickle(const std::string& text) {
  return unpickle_tensors(std::as_bytes(std::span(text)), "file.pth");
}

std::string refusal(const std::string& text, ErrorKind kind = ErrorKind::corrupt_data) {
  return refusal_of([&] { unpickle(text); }, "file.pth", kind);
}

const std::string kVector = tensor(storage("FloatStorage", "0", 6), 0, integer(6), integer(1));
std::string named(const std::string& value) { return whole(dict(text("a") + value)); }

TEST(Unpickler, ReadsNamesShapesAndStoragesOfADict) {
  const auto pickled = unpickle(small_pickle());
  ASSERT_THAT(pickled.tensors, SizeIs(4));
  ASSERT_THAT(pickled.storages, SizeIs(3));
  EXPECT_EQ(pickled.tensors[1].name, "transposed");
  EXPECT_EQ(pickled.tensors[1].storage, 0U);
  EXPECT_THAT(pickled.tensors[1].shape, ElementsAre(3, 2));
  EXPECT_THAT(pickled.tensors[1].strides, ElementsAre(1, 3));
  EXPECT_EQ(pickled.storages[1].type, NumberType::f16);
  EXPECT_EQ(pickled.storages[2].element_count, 1);
}

TEST(Unpickler, ReadsAnOrderedDictWithAttributesAndAParameter) {
  const auto hooks = global("collections", "OrderedDict") + ")R";
  const auto parameter = global("torch._utils", "_rebuild_parameter") + tuple(kVector + "\x88" + hooks) + "R";
  const auto attributes = dict(text("_metadata") + hooks);
  const auto pickled = unpickle(whole(hooks + "(" + text("a") + parameter + "u" + attributes + "b"));
  ASSERT_THAT(pickled.tensors, SizeIs(1));
  EXPECT_EQ(pickled.tensors[0].name, "a");
}

TEST(Unpickler, TakesTheWeightsOutOfATrainingCheckpoint) {
  for (const char* key : {"model", "state_dict", "model_state_dict"}) {
    const auto pickled =
        unpickle(whole(dict(text("epoch") + integer(3) + text(key) + dict(text("a") + kVector))));
    ASSERT_THAT(pickled.tensors, SizeIs(1)) << key;
    EXPECT_EQ(pickled.tensors[0].name, "a");
  }
}

TEST(Unpickler, RefusesEveryOtherClassByItsName) {
  const auto call = [](const std::string& module, const std::string& name, const std::string& argument) {
    return whole(global(module, name) + tuple(text(argument)) + "R");
  };
  EXPECT_THAT(refusal(call("os", "system", "touch /tmp/x")), HasSubstr("os.system"));
  EXPECT_THAT(refusal(call("posix", "system", "id")), HasSubstr("posix.system"));
  EXPECT_THAT(refusal(call("builtins", "eval", "1")), HasSubstr("builtins.eval"));
  EXPECT_THAT(refusal(call("builtins", "getattr", "1")), HasSubstr("builtins.getattr"));
  EXPECT_THAT(refusal(call("numpy.core.multiarray", "_reconstruct", "")),
              HasSubstr("numpy.core.multiarray._reconstruct"));
  EXPECT_THAT(refusal(call("torch", "load", "x")), HasSubstr("torch.load"));
  EXPECT_THAT(refusal(whole(global("os", "system\x1b[31m"))), HasSubstr("os.system?[31m"));
}

TEST(Unpickler, RefusesNumbersAndProtocolsThatItDoesNotReadInWords) {
  EXPECT_THAT(refusal(named(storage("ComplexFloatStorage", "0", 1)), ErrorKind::unsupported),
              HasSubstr("torch.ComplexFloatStorage"));
  EXPECT_THAT(refusal("\x80\x04\x95", ErrorKind::unsupported), HasSubstr("protocol 4"));
}

TEST(Unpickler, RefusesOpcodesThatNoDictOfTensorsNeeds) {
  for (const char* code : {"i", "o", "P0\n", "S'a'\n", "I1\n", "\x81", "\x82\x01", "\x93",
                           "\x8c\x01"
                           "a",
                           "\x95", "F1\n"}) {
    refusal(std::string("\x80\x02") + code + ".");
  }
}

TEST(Unpickler, RefusesTensorsThatReachOutsideTheirStorage) {
  const auto of = [](std::int32_t count, std::int32_t offset, const std::string& shape,
                     const std::string& strides) {
    return named(tensor(storage("FloatStorage", "0", count), offset, shape, strides));
  };
  EXPECT_THAT(refusal(of(5, 0, integer(6), integer(1))), HasSubstr("outside its storage"));
  EXPECT_THAT(refusal(of(6, 1, integer(6), integer(1))), HasSubstr("outside its storage"));
  EXPECT_THAT(refusal(of(6, -1, integer(2), integer(1))), HasSubstr("outside its storage"));
  EXPECT_THAT(refusal(of(6, 0, integer(-2), integer(1))), HasSubstr("outside its storage"));
  EXPECT_THAT(refusal(of(6, 5, integer(3), integer(-1))), HasSubstr("outside its storage"));
  EXPECT_THAT(refusal(of(6, 0, integer(3), integer(3))), HasSubstr("outside its storage"));
  const auto huge = integer(0x7fffffff), huge_shape = huge + huge + huge;
  EXPECT_THAT(refusal(of(6, 0, huge_shape, huge_shape)), HasSubstr("outside its storage"));
  EXPECT_THAT(refusal(of(6, 0, huge, integer(0))), HasSubstr("outside its storage"));
  EXPECT_THAT(refusal(of(6, 0, integer(2) + integer(2), integer(1))), HasSubstr("strides"));
  EXPECT_THAT(refusal(of(0, 0, "", "")), HasSubstr("outside its storage"));
  EXPECT_NO_THROW(unpickle(of(0, 0, integer(0), integer(1))));
}

TEST(Unpickler, RefusesPersistentIdsThatAreNoStorage) {
  refusal(whole(text("0") + "Q"));
  refusal(whole(tuple("") + "Q"));
  refusal(whole(
      tuple(text("module") + global("torch", "FloatStorage") + text("0") + text("cpu") + integer(1)) + "Q"));
  refusal(whole(tuple(text("storage") + text("torch.FloatStorage") + text("0") + text("cpu") + integer(1)) +
                "Q"));
  refusal(
      whole(tuple(text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu") + integer(-1)) +
            "Q"));
  const auto two = dict(text("a") + kVector + text("b") +
                        tensor(storage("FloatStorage", "0", 7), 0, integer(6), integer(1)));
  EXPECT_THAT(refusal(whole(two)), HasSubstr("two types or sizes"));
}

TEST(Unpickler, RefusesWhatIsNoDictOfTensors) {
  EXPECT_THAT(refusal(whole(integer(1))), HasSubstr("no dict"));
  EXPECT_THAT(refusal(whole("}")), HasSubstr("no tensors"));
  EXPECT_THAT(refusal(named(integer(1))), HasSubstr("which is not a tensor"));
  EXPECT_THAT(refusal(whole(dict(integer(1) + kVector))), HasSubstr("something else than text"));
  EXPECT_THAT(refusal(whole(dict(text("a") + kVector + text("a") + kVector))), HasSubstr("twice"));
  EXPECT_THAT(refusal(whole(dict(text("a\nb") + kVector))), HasSubstr("odd name"));
  EXPECT_THAT(refusal(whole(dict(text("a")))), HasSubstr("key without a value"));
  refusal(whole(integer(1) + integer(2)));
  refusal(whole("("));
}

TEST(Unpickler, RefusesAStackThatRunsEmpty) {
  for (const char* code : {"0",    "1",    "2",    "t", "u",     "s",     "a",
                           "e",    "b",    "R",    "Q", "q\x01", "h\x01", "j\x01\x02\x03\x04",
                           "\x85", "\x86", "\x87", "d", "l",     "(0",    "(s"}) {
    refusal(std::string("\x80\x02") + code + ".");
  }
}

TEST(Unpickler, RefusesCutPickles) {
  const auto text = small_pickle();
  for (std::size_t size = 0; size < text.size(); ++size) refusal(text.substr(0, size));
}

TEST(Unpickler, RefusesLengthsThatAreNotThere) {
  refusal(std::string("\x80\x02X\xff\xff\xff\xff", 7));
  refusal(std::string("\x80\x02T\xff\xff\xff\x7f", 7));
  refusal(std::string("\x80\x02\x8b\xff\xff\xff\xff", 7));
  EXPECT_THAT(refusal(std::string("\x80\x02\x8b") + le<std::uint32_t>(100) + std::string(100, '\x7f') + "."),
              HasSubstr("64 bits"));
  EXPECT_THAT(refusal(std::string("\x80\x02\x63") + std::string(100000, 'a')), HasSubstr("256 characters"));
}

TEST(Unpickler, BoundsDepthMemoryAndTimeOfBombs) {
  const std::size_t many = 4'000'000;
  refusal(std::string("\x80\x02") + std::string(many, '(') + ".");         // marks
  refusal(std::string("\x80\x02") + std::string(many, '}') + ".");         // values
  refusal(std::string("\x80\x02]") + std::string(many, '2') + ".");        // copies of one value
  refusal(std::string("\x80\x02)") + std::string(400'000, '\x85') + ".");  // depth
  refusal(std::string("\x80\x02]q") + le<std::uint8_t>(0) + std::string("h") + le<std::uint8_t>(0) +
          "a.");  // a list that holds itself
  std::string memo = "\x80\x02]";
  for (std::uint32_t i = 0; i < 500'000; ++i) memo += std::string("r") + le(i);
  refusal(memo + ".");
  std::string doubling = "\x80\x02)";  // each tuple holds the one before twice
  for (int i = 0; i < 1000; ++i) doubling += "2\x86";
  refusal(doubling + ".");
  EXPECT_THAT(refusal(std::string(std::size_t{9} << 20, '0')), HasSubstr("8 MiB"));
}

TEST(Unpickler, ReadsOrRefusesWhateverIsDamaged) {
  Mutator mutator;
  const std::string whole_pickle = small_pickle();
  int read = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::string damaged = mutator.mutate(whole_pickle);
    try {
      read += unpickle(damaged).tensors.empty() ? 0 : 1;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace sonde
