// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/stack.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

namespace sonde {
namespace {

constexpr double kSamePositionMm = 0.01;  // or a twentieth of a pixel where that is less
constexpr double kSameDirection = 1e-3;   // of unit vectors; cosines come with few digits

Vec3 minus(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vec3 times(Vec3 a, double s) { return {a.x * s, a.y * s, a.z * s}; }

// A number as people write it: "2.5", "5".
std::string pretty(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::round(value * 1000) / 1000).ptr;
  return {text.data(), end};
}

const DicomFrame& frame_of(const std::vector<DicomHeader>& headers, const DicomSlice& slice) {
  return headers[slice.file].frames[static_cast<std::size_t>(slice.frame)];
}

Vec3 normal_of(const DicomPlane& plane) { return cross(plane.row, plane.column); }

bool same_direction(const DicomFrame& a, const DicomFrame& b) {
  if (a.plane.has_value() != b.plane.has_value()) return false;
  if (!a.plane) return true;
  return length(minus(a.plane->row, b.plane->row)) < kSameDirection &&
         length(minus(a.plane->column, b.plane->column)) < kSameDirection;
}

bool same_spacing(const DicomFrame& a, const DicomFrame& b) {
  if (a.spacing.has_value() != b.spacing.has_value()) return false;
  if (!a.spacing) return true;
  const auto close = [](double x, double y) { return std::abs(x - y) <= 1e-4 * x; };
  return close((*a.spacing)[0], (*b.spacing)[0]) && close((*a.spacing)[1], (*b.spacing)[1]);
}

// Slices of which one image may be made.
struct Group {
  std::vector<DicomSlice> slices{};
  bool stands_alone = false;  // a file of several frames
};

bool belongs(const std::vector<DicomHeader>& headers, const Group& group, std::size_t file) {
  if (group.stands_alone) return false;
  const auto& a = headers[group.slices.front().file];
  const auto& b = headers[file];
  return a.series_uid == b.series_uid && same_patient(a, b) && a.rows == b.rows && a.columns == b.columns &&
         photometric_of(a) == photometric_of(b) && same_direction(a.frames.front(), b.frames.front()) &&
         same_spacing(a.frames.front(), b.frames.front());
}

std::vector<Group> group_files(const std::vector<DicomHeader>& headers) {
  std::vector<Group> groups;
  for (std::size_t file = 0; file < headers.size(); ++file) {
    const auto& header = headers[file];
    if (header.frames.size() > 1) {
      Group alone{.stands_alone = true};
      for (std::size_t f = 0; f < header.frames.size(); ++f)
        alone.slices.push_back({.file = file, .frame = static_cast<std::int64_t>(f)});
      groups.push_back(std::move(alone));
      continue;
    }
    const auto found =
        std::ranges::find_if(groups, [&](const Group& g) { return belongs(headers, g, file); });
    auto& group = found == groups.end() ? groups.emplace_back() : *found;
    group.slices.push_back({.file = file, .frame = 0});
  }
  return groups;
}

// A single picture lies where its plane says; k is the slice thickness, or 1 mm where it is not said.
std::optional<Affine3> affine_of(const DicomFrame& frame) {
  if (!frame.plane || !frame.spacing) return std::nullopt;
  const double depth = frame.thickness > 0 ? frame.thickness : 1;
  return Affine3{
      .columns = {times(frame.plane->row, (*frame.spacing)[0]),
                  times(frame.plane->column, (*frame.spacing)[1]), times(normal_of(*frame.plane), depth)},
      .origin = frame.plane->position};
}

class Stacker {
 public:
  Stacker(const std::vector<DicomHeader>& headers, const Group& group)
      : headers_(&headers), slices_(group.slices) {}

  DicomStack stack() {
    const auto& first = frame(slices_.front());
    const auto in_one_plane = [&](const DicomSlice& s) {
      return same_direction(first, frame(s)) && same_spacing(first, frame(s));
    };
    if (slices_.size() == 1 || !first.plane) return as_pictures();
    if (!std::ranges::all_of(slices_, in_one_plane)) {
      stack_.notes.emplace_back("its frames lie in different planes and are single pictures");
      return as_pictures();
    }
    sort_along_normal();
    auto counts = count_positions();
    if (counts.size() == 1) return as_pictures();
    if (leave_out_repeats(counts)) counts.assign(counts.size(), 1);
    if (!std::ranges::all_of(counts, [&](std::size_t n) { return n == counts.front(); })) {
      const auto [least, most] = std::ranges::minmax(counts);
      stack_.notes.push_back("its " + std::to_string(counts.size()) + " positions repeat " +
                             std::to_string(least) + " to " + std::to_string(most) +
                             " times: the slices are single pictures");
      return as_pictures();
    }
    return as_volumes(counts.size(), counts.front());
  }

 private:
  const DicomFrame& frame(const DicomSlice& slice) const { return frame_of(*headers_, slice); }
  double along_normal(const DicomSlice& slice) const { return dot(frame(slice).plane->position, normal_); }

  bool comes_first(const DicomSlice& a, const DicomSlice& b) const {
    return std::tie(frame(a).order, a.file, a.frame) < std::tie(frame(b).order, b.file, b.frame);
  }

  DicomStack as_pictures() {
    std::ranges::stable_sort(slices_, [&](const auto& a, const auto& b) { return comes_first(a, b); });
    for (const auto& slice : slices_) {
      stack_.times.push_back({slice});
      stack_.mm_from_voxel.push_back(affine_of(frame(slice)));
    }
    return std::move(stack_);
  }

  void sort_along_normal() {
    const auto& first = frame(slices_.front());
    normal_ = normal_of(*first.plane);
    if (first.spacing) same_position_mm_ = std::min(kSamePositionMm, (*first.spacing)[0] / 20);
    std::ranges::stable_sort(slices_, {}, [&](const DicomSlice& s) { return along_normal(s); });
  }

  // How many slices lie at each position, in order along the normal; those of a position are sorted by time.
  std::vector<std::size_t> count_positions() {
    std::vector<std::size_t> counts;
    for (auto begin = slices_.begin(); begin != slices_.end();) {
      const double here = along_normal(*begin);
      const auto end = std::find_if(
          begin, slices_.end(), [&](const auto& s) { return along_normal(s) > here + same_position_mm_; });
      std::sort(begin, end, [&](const auto& a, const auto& b) { return comes_first(a, b); });
      counts.push_back(static_cast<std::size_t>(end - begin));
      begin = end;
    }
    return counts;
  }

  // Where a few slices lie at the place of another: keeps the first of each place.
  bool leave_out_repeats(const std::vector<std::size_t>& counts) {
    const auto repeated = std::ranges::count_if(counts, [](std::size_t n) { return n > 1; });
    if (repeated == 0 || 2 * repeated >= static_cast<std::ptrdiff_t>(counts.size())) return false;
    std::vector<DicomSlice> kept;
    std::vector<std::string> left_out;
    std::size_t at = 0;
    for (const std::size_t count : counts) {
      kept.push_back(slices_[at]);
      for (std::size_t i = at + 1; i < at + count; ++i)
        left_out.push_back(pretty(frame(slices_[i]).order.back()));
      at += count;
    }
    std::string note = left_out.size() == 1
                           ? "1 slice lies at the place of another and is left out: number "
                           : std::to_string(left_out.size()) +
                                 " slices lie at the places of others and are left out: numbers ";
    constexpr std::size_t kMaxListed = 5;
    for (std::size_t i = 0; i < std::min(left_out.size(), kMaxListed); ++i)
      note.append(i == 0 ? "" : ", ").append(left_out[i]);
    stack_.notes.push_back(left_out.size() > kMaxListed ? note + ", ..." : note);
    slices_ = std::move(kept);
    return true;
  }

  DicomStack as_volumes(std::size_t depth, std::size_t repeats) {
    for (std::size_t t = 0; t < repeats; ++t) {
      std::vector<DicomSlice> volume;
      for (std::size_t k = 0; k < depth; ++k) volume.push_back(slices_[k * repeats + t]);
      stack_.mm_from_voxel.push_back(affine_of_volume(volume));
      stack_.times.push_back(std::move(volume));
    }
    note_gaps(stack_.times.front());
    note_shear(stack_.times.front());
    return std::move(stack_);
  }

  // k is the mean step from slice to slice, so a tilted gantry stays in the affine as shear.
  std::optional<Affine3> affine_of_volume(const std::vector<DicomSlice>& volume) const {
    auto affine = affine_of(frame(volume.front()));
    if (affine) affine->columns[2] = mean_step(volume);
    return affine;
  }

  Vec3 mean_step(const std::vector<DicomSlice>& volume) const {
    const Vec3 way = minus(frame(volume.back()).plane->position, frame(volume.front()).plane->position);
    return times(way, 1.0 / static_cast<double>(volume.size() - 1));
  }

  void note_gaps(const std::vector<DicomSlice>& volume) {
    std::vector<double> gaps;
    for (std::size_t k = 1; k < volume.size(); ++k)
      gaps.push_back(along_normal(volume[k]) - along_normal(volume[k - 1]));
    const auto [least, most] = std::ranges::minmax(gaps);
    if (most - least <= std::max(2 * same_position_mm_, 0.01 * least)) return;
    std::ranges::sort(gaps);
    const double usual = gaps[(gaps.size() - 1) / 2];
    double missing = 0;
    for (const double gap : gaps) {
      const double steps = gap / usual;
      if (steps > 1.5 && std::abs(steps - std::round(steps)) < 0.05) missing += std::round(steps) - 1;
    }
    auto note = "slices are unevenly spaced (" + pretty(least) + " to " + pretty(most) + " mm)";
    if (missing > 0)
      note += ", " + pretty(missing) + (missing > 1 ? " slices" : " slice") + " may be missing";
    stack_.notes.push_back(note);
  }

  void note_shear(const std::vector<DicomSlice>& volume) {
    const Vec3 step = mean_step(volume);
    const double angle_deg = std::acos(std::clamp(dot(step, normal_) / length(step), -1.0, 1.0)) * 180 / M_PI;
    if (angle_deg > 0.5)
      stack_.notes.push_back("slices are sheared by " + pretty(angle_deg) + " degrees (tilted gantry)");
    const Vec3 start = frame(volume.front()).plane->position;
    const double along = dot(step, normal_);
    double worst_mm = 0;
    for (const auto& slice : volume) {
      const Vec3 way = minus(frame(slice).plane->position, start);
      const Vec3 straight = times(step, dot(way, normal_) / along);
      worst_mm = std::max(worst_mm, length(minus(way, straight)));
    }
    if (worst_mm > 0.5)
      stack_.notes.push_back("slices are shifted against each other by up to " + pretty(worst_mm) + " mm");
  }

  const std::vector<DicomHeader>* headers_;
  std::vector<DicomSlice> slices_;
  Vec3 normal_;
  double same_position_mm_ = kSamePositionMm;
  DicomStack stack_;
};

// Each once, in the order of the files.
std::vector<std::string> notes_of(const std::vector<DicomHeader>& headers, const Group& group) {
  std::vector<std::string> notes;
  for (const DicomSlice& slice : group.slices)
    if (slice.frame == 0)
      for (const std::string& note : headers[slice.file].notes)
        if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  return notes;
}

std::string_view without_carets(std::string_view name) {
  return name.substr(0, name.find_last_not_of("^ ") + 1);
}

const DicomHeader& header_of(const std::vector<DicomHeader>& headers, const DicomStack& stack) {
  return headers[stack.times.front().front().file];
}

void name_patients(const std::vector<DicomHeader>& headers, std::vector<DicomStack>& stacks) {
  std::map<std::string_view, const DicomHeader*> first_of_series;
  std::set<std::string_view> mixed;
  for (const DicomStack& stack : stacks) {
    const DicomHeader& header = header_of(headers, stack);
    const DicomHeader& first = *first_of_series.try_emplace(header.series_uid, &header).first->second;
    if (!same_patient(first, header)) mixed.insert(header.series_uid);
  }
  for (DicomStack& stack : stacks) {
    const DicomHeader& header = header_of(headers, stack);
    if (!mixed.contains(header.series_uid)) continue;
    stack.patient = "patient " + (header.patient_name.empty() ? "without a name" : header.patient_name);
    if (!header.patient_id.empty()) stack.patient += " (" + header.patient_id + ")";
  }
}

}  // namespace

bool same_patient(const DicomHeader& a, const DicomHeader& b) {
  const auto agree = [](std::string_view x, std::string_view y) { return x.empty() || y.empty() || x == y; };
  return agree(a.patient_id, b.patient_id) &&
         agree(without_carets(a.patient_name), without_carets(b.patient_name));
}

std::vector<DicomStack> stack_dicom(const std::vector<DicomHeader>& headers) {
  std::vector<DicomStack> stacks;
  for (const auto& group : group_files(headers)) {
    auto stack = Stacker(headers, group).stack();
    for (const std::string& note : notes_of(headers, group)) stack.notes.push_back(note);
    stacks.push_back(std::move(stack));
  }
  name_patients(headers, stacks);
  return stacks;
}

}  // namespace sonde
