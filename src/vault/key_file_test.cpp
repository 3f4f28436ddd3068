#include "vault/key_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace limehook::vault {
namespace {

using testing::HasSubstr;

const std::string kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string kOther = "iIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIg=";

class KeyFile : public testing::Test {
 protected:
  KeyFile() {
    std::string name = (std::filesystem::temp_directory_path() / "limehook-keys-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~KeyFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file() const { return folder_ / "secret.key"; }
  void put(const std::string& text, mode_t mode = 0600) const {
    std::ofstream(file()) << text;
    chmod(file().c_str(), mode);
  }
  // The sentence with which reading is refused; empty: it is not.
  std::string refusal() const {
    const auto keys = read_key_file(file());
    return keys ? "" : keys.error();
  }
  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  std::filesystem::path folder_;
};

// Goal: what people and `openssl rand` write is read: the keys in their order.
TEST_F(KeyFile, IsReadLineByLine) {
  for (const std::string& text : {kHex, kHex + "\n", "# a key\n\n  " + kHex + " \r\n"}) {
    put(text);
    const auto keys = read_key_file(file());
    ASSERT_TRUE(keys) << keys.error();
    ASSERT_EQ(keys->size(), 1U) << text;
    EXPECT_EQ(keys->front().bytes(), Key::parse(kHex)->bytes());
  }
  put(kOther + "\n" + kHex + "\n");
  const auto keys = read_key_file(file());
  ASSERT_TRUE(keys) << keys.error();
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ(keys->front().text(), kOther);
}

// Goal: what is no key is refused with a sentence that names file and line, and repeats nothing of it.
TEST_F(KeyFile, IsRefusedWhenItHasSomethingElse) {
  struct Case {
    std::string text;
    const char* problem;
  };
  const std::array cases{Case{"", "has no key"},
                         Case{"# nothing\n\n", "has no key"},
                         Case{"hunter2\n", "in line 1"},
                         Case{"# comment\n" + kHex + "\n" + kHex.substr(2) + "\n", "in line 3"},
                         Case{kHex + " " + kHex, "in line 1"},
                         Case{std::string(5000, '#'), "too long"}};
  for (const Case& c : cases) {
    put(c.text);
    EXPECT_THAT(refusal(), HasSubstr(file().string() + " "));
    EXPECT_THAT(refusal(), HasSubstr(c.problem)) << c.text;
    EXPECT_THAT(refusal(), testing::Not(HasSubstr("hunter2")));
    EXPECT_THAT(refusal(), testing::Not(HasSubstr(kHex.substr(2))));
  }
}

// Goal: as with ssh, a key that others could have read is none.
TEST_F(KeyFile, IsRefusedWhenOthersMayReadIt) {
  for (const mode_t mode : {0640, 0604, 0644, 0620, 0660}) {
    put(kHex, mode);
    EXPECT_THAT(refusal(), HasSubstr("may be read by others")) << std::oct << mode;
  }
  for (const mode_t mode : {0600, 0400}) {
    put(kHex, mode);
    EXPECT_EQ(refusal(), "") << std::oct << mode;
  }
}

// Goal: nothing waits for ever on what is no file.
TEST_F(KeyFile, MustBeAFile) {
  EXPECT_THAT(refusal(), HasSubstr("cannot read the key file " + file().string()));
  mkfifo(file().c_str(), 0600);
  EXPECT_THAT(refusal(), HasSubstr("is not a file"));
  std::filesystem::remove(file());
  std::filesystem::create_directory(file());
  EXPECT_THAT(refusal(), HasSubstr("is not a file"));
}

// Goal: written keys are read back, only their owner may read them, and nothing is left beside the file.
TEST_F(KeyFile, IsWrittenForItsOwnerOnly) {
  const std::array keys{Key::generate(), *Key::parse(kHex)};
  std::ofstream(file().string() + ".unfinished") << "what a crash has left";
  for (const std::size_t count : {2U, 1U}) {
    const auto written = write_key_file(file(), std::span(keys).first(count));
    ASSERT_TRUE(written) << written.error();
    const auto read = read_key_file(file());
    ASSERT_TRUE(read) << read.error();
    ASSERT_EQ(read->size(), count);
    EXPECT_EQ(read->front().bytes(), keys.front().bytes());
    EXPECT_EQ(mode_of(file()), 0600U);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

// Goal: a key that is kept on another volume stays there.
TEST_F(KeyFile, WrittenThroughALinkStaysWhereItIs) {
  std::filesystem::create_directory(folder_ / "volume");
  std::filesystem::create_symlink(folder_ / "volume" / "key", file());
  std::ofstream(folder_ / "volume" / "key") << "old";
  const std::array keys{Key::generate()};
  ASSERT_TRUE(write_key_file(file(), keys));
  EXPECT_TRUE(std::filesystem::is_symlink(file()));
  EXPECT_EQ(refusal(), "");
}

TEST_F(KeyFile, CannotBeWrittenWhereThereIsNoFolder) {
  const std::array keys{Key::generate()};
  const auto written = write_key_file(folder_ / "nowhere" / "key", keys);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error(), HasSubstr("cannot create the key file"));
}

// Goal: a key that was given outright wins over no file; without either the folder's own file is read.
TEST_F(KeyFile, IsLookedForWhereTheSourceSays) {
  put(kHex);
  EXPECT_EQ(load_keys({}, file())->front().bytes(), Key::parse(kHex)->bytes());
  EXPECT_EQ(load_keys({.key = Key::parse(kOther), .file = {}}, file())->front().text(), kOther);
  EXPECT_FALSE(load_keys({.key = {}, .file = folder_ / "elsewhere"}, file()));
}

}  // namespace
}  // namespace limehook::vault
