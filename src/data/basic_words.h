#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace edgetran::data {

/// How text is normalised before it is cut into words.
struct BasicSettings {
  bool lower_case = true;
  /// Canonical decomposition, then non-spacing marks are dropped.
  bool strip_accents = true;
};

/// Takes the words of a text, in order.
class WordSink {
 public:
  virtual ~WordSink() = default;
  /// `word` has `characters` characters (0: not counted) and is valid until the call returns.
  virtual void word(std::string_view word, size_t characters) = 0;
};

/// BERT's basic tokenisation of a text: clean-up, ideographs set apart, accents stripped, lower
/// case, then words cut at blanks and at each punctuation character. Reusable; not thread-safe.
class BasicWords {
 public:
  explicit BasicWords(BasicSettings settings) : settings_(settings) {}
  /// Invalid UTF-8 bytes are dropped.
  void split(std::string_view text, WordSink& sink);

 private:
  struct Mark {
    char32_t character;
    int combining_class;
  };
  void add_character(char32_t character, WordSink& sink);
  void decompose(char32_t character, WordSink& sink);
  void flush_marks(WordSink& sink);
  void normalised(char32_t character, WordSink& sink);
  void emit(char32_t character, WordSink& sink);
  void flush_word(WordSink& sink);

  BasicSettings settings_;
  std::string word_;
  size_t characters_ = 0;
  std::vector<Mark> marks_;  // combining characters waiting for their canonical order
};

}  // namespace edgetran::data
