#include "text/glob.hpp"

namespace rankwire::text {

namespace {

class GlobReader {
 public:
  explicit GlobReader(std::string_view glob) : glob_(glob) {}

  Result<std::string> read() {
    out_ = "(?s)^";
    while (at_ < glob_.size())
      if (!read_one()) return Error(ErrorKind::invalid, "\"" + std::string(glob_) + "\" is not a pattern: " + why_);
    if (depth_ != 0) return Error(ErrorKind::invalid, "\"" + std::string(glob_) + "\" has a \"{\" without \"}\"");
    return out_ + "$";
  }

 private:
  bool fail(const char* why) {
    why_ = why;
    return false;
  }

  void put_literal(char c) {
    if ((c & 0x80) == 0 && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) out_ += '\\';
    out_ += c;
  }

  bool read_one() {
    const char c = glob_[at_++];
    switch (c) {
      case '*': out_ += ".*"; return true;
      case '?': out_ += '.'; return true;
      case '[': return read_set();
      case '{':
        ++depth_;
        out_ += "(?:";
        return true;
      case '}':
        if (depth_ == 0) return fail("a \"}\" without \"{\"");
        --depth_;
        out_ += ')';
        return true;
      case ',': out_ += depth_ != 0 ? "|" : ","; return true;
      case '\\':
        if (at_ == glob_.size()) return fail("it ends with a backslash");
        put_literal(glob_[at_++]);
        return true;
      default: put_literal(c); return true;
    }
  }

  bool read_set() {
    const std::size_t end = glob_.find(']', at_ + 1);
    if (end == std::string_view::npos) return fail("a \"[\" without \"]\"");
    out_ += '[';
    if (glob_[at_] == '!' || glob_[at_] == '^') {
      out_ += '^';
      ++at_;
    }
    if (at_ == end) return fail("an empty \"[]\"");
    for (; at_ < end; ++at_) {
      if (glob_[at_] == '-')
        out_ += '-';
      else
        put_literal(glob_[at_]);
    }
    out_ += ']';
    ++at_;
    return true;
  }

  const std::string_view glob_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string out_;
  const char* why_ = "";
};

}  // namespace

Result<std::string> expression_of_glob(std::string_view glob) { return GlobReader(glob).read(); }

}  // namespace rankwire::text
