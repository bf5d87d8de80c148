// Matching of the scan programs that may have to go back.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "text/scan_program.hpp"

namespace rankwire::text {

// Tries one start after another; when a step fails it goes back to the last choice, as leftmost-first
// matching is defined.
class ScanProgram::Walk {
 public:
  Walk(const ScanProgram& program, std::string_view text, std::span<std::string_view> groups)
      : steps_(program.steps_), end_(text.data() + text.size()), groups_(groups), budget_(8 * text.size() + 256) {}

  Outcome from(const char* start) {
    at_ = start;
    step_ = choice_count_ = undo_count_ = 0;
    while (step_ < steps_.size()) {
      if (take_step(steps_[step_])) continue;
      if (budget_ == 0) break;
      --budget_;
      if (!go_back()) {
        std::fill(groups_.begin(), groups_.end(), std::string_view());
        return budget_ == 0 ? Outcome::gave_up : Outcome::failed;
      }
    }
    if (step_ == steps_.size()) return Outcome::matched;
    std::fill(groups_.begin(), groups_.end(), std::string_view());
    return Outcome::gave_up;
  }

 private:
  struct Choice {
    std::size_t step;
    const char* at;
    const char* limit;  // How far a repetition can still give or take.
    std::size_t undo_count;
  };
  struct Undo {
    std::uint16_t group;
    std::string_view before;
  };

  // Does the step and moves on; false if it fails here.
  bool take_step(const Step& step) {
    switch (step.type) {
      case StepType::literal:
        if (static_cast<std::size_t>(end_ - at_) < step.text.size() ||
            std::memcmp(at_, step.text.data(), step.text.size()) != 0)
          return false;
        at_ += step.text.size();
        break;
      case StepType::repeat:
      case StepType::until: return step.is_lazy ? take_little(step) : take_much(step);
      case StepType::open: return note(step.group, {at_, 0});
      case StepType::close:
        return note(step.group, step.group < groups_.size()
                                    ? std::string_view(groups_[step.group].data(),
                                                       static_cast<std::size_t>(at_ - groups_[step.group].data()))
                                    : std::string_view());
      case StepType::end:
        if (at_ != end_) return false;
        break;
      case StepType::split: {
        const bool way = can_follow(step.next, step.next_may_end),
                   other = can_follow(step.next_other, step.other_may_end);
        if (way && other && !choose(at_)) return false;
        if (!way && !other) return false;
        step_ += way ? 1 : step.forward;
        return true;
      }
      case StepType::jump: step_ += step.forward; return true;
    }
    ++step_;
    return true;
  }

  bool can_follow(const ByteTable& next, bool may_end) const {
    return at_ == end_ ? may_end : next[static_cast<unsigned char>(*at_)];
  }

  bool take_much(const Step& step) {
    const char* const start = at_;
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (step.type == StepType::until) {
      const void* stop = left == 0 ? nullptr : std::memchr(at_, step.stop, left);
      at_ = stop == nullptr ? end_ : static_cast<const char*>(stop);
    } else {
      const char* const limit = step.max != 0 && step.max < left ? at_ + step.max : end_;
      while (at_ != limit && step.taken[static_cast<unsigned char>(*at_)]) ++at_;
    }
    const auto count = static_cast<std::size_t>(at_ - start);
    budget_ -= std::min(budget_, count / 8);
    if (count < step.min) return false;
    if (!step.may_go_back) return ++step_, true;
    if (count != step.min && !choose(start + step.min)) return false;
    if (!can_follow(step.next, step.next_may_end)) return false;
    ++step_;
    return true;
  }

  bool take_little(const Step& step) {
    const auto left = static_cast<std::size_t>(end_ - at_);
    const char* const limit = step.max != 0 && step.max < left ? at_ + step.max : end_;
    for (std::uint32_t count = 0; count < step.min; ++count, ++at_)
      if (at_ == limit || !step.taken[static_cast<unsigned char>(*at_)]) return false;
    if (!choose(limit) || !can_follow(step.next, step.next_may_end)) return false;
    ++step_;
    return true;
  }

  // Remembers this step as the place to go back to. False, and the budget is spent, if there are too many.
  bool choose(const char* limit) {
    if (choice_count_ == std::size(choices_)) return budget_ = 0, false;
    choices_[choice_count_++] = {step_, at_, limit, undo_count_};
    return true;
  }

  bool note(std::uint16_t group, std::string_view found) {
    if (group < groups_.size()) {
      if (choice_count_ != 0) {
        if (undo_count_ == std::size(undos_)) return budget_ = 0, false;
        undos_[undo_count_++] = {group, groups_[group]};
      }
      groups_[group] = found;
    }
    ++step_;
    return true;
  }

  // To the last choice that has another way left.
  bool go_back() {
    for (; choice_count_ != 0; --choice_count_) {
      Choice& choice = choices_[choice_count_ - 1];
      for (; undo_count_ > choice.undo_count; --undo_count_)
        groups_[undos_[undo_count_ - 1].group] = undos_[undo_count_ - 1].before;
      const Step& step = steps_[choice.step];
      at_ = choice.at;
      step_ = choice.step;
      if (step.type == StepType::split) {
        step_ += step.forward;
        --choice_count_;
        return true;
      }
      while (at_ != choice.limit) {
        if (step.is_lazy && !step.taken[static_cast<unsigned char>(*at_)]) break;
        at_ += step.is_lazy ? 1 : -1;
        if (!can_follow(step.next, step.next_may_end)) continue;
        choice.at = at_;
        ++step_;
        return true;
      }
    }
    return false;
  }

  const std::vector<Step>& steps_;
  const char* const end_;
  const std::span<std::string_view> groups_;
  std::size_t budget_;  // Of going back, and of bytes taken: beyond it RE2 is the faster one.
  const char* at_ = nullptr;
  std::size_t step_ = 0;
  std::size_t choice_count_ = 0;
  std::size_t undo_count_ = 0;
  Choice choices_[48];
  Undo undos_[96];
};

ScanProgram::Outcome ScanProgram::match_going_back(std::string_view text, std::span<std::string_view> groups) const {
  Walk walk(*this, text, groups);
  const char* const end = text.data() + text.size();
  if (is_anchored_) return walk.from(text.data());
  for (const char* start = text.data();; ++start) {
    if (start == end ? may_be_empty_ : starts_[static_cast<unsigned char>(*start)]) {
      const Outcome outcome = walk.from(start);
      if (outcome != Outcome::failed) return outcome;
    }
    if (start == end) return Outcome::failed;
  }
}

}  // namespace rankwire::text
