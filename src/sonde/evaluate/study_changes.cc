// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/study_changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sonde/core/durable_file.h"
#include "sonde/core/natural_order.h"
#include "sonde/evaluate/journal.h"
#include "sonde/evaluate/study_folder.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

using ImageKey = std::pair<std::string, std::string>;  // data set, image or slice
struct Wanted {
  fs::path image_file;
  CaseContent content;
};

std::map<ImageKey, Wanted> wanted_of(const std::vector<DataSetPlan>& plans) {
  std::map<ImageKey, Wanted> wanted;
  for (const DataSetPlan& plan : plans) {
    for (const StudyCase& c : plan.cases) wanted[{c.dataset, c.image}] = {c.image_file, c.content};
    for (const VolumeTask& v : plan.volumes) wanted[{v.dataset, v.image}] = {v.image_file, v.content};
  }
  return wanted;
}

StudyChanges::Changed::What what_changed(const CaseContent& before, const CaseContent& now) {
  using What = StudyChanges::Changed::What;
  if (before.truth == now.truth) return What::image;
  return before.image == now.image ? What::truth : What::both;
}

std::string_view words_for(StudyChanges::Changed::What what) {
  switch (what) {
    case StudyChanges::Changed::What::image:
      return "has changed";
    case StudyChanges::Changed::What::truth:
      return "its labels have changed";
    case StudyChanges::Changed::What::turned:
      return "has come to be turned as its orientation says";
    case StudyChanges::Changed::What::both:
      break;
  }
  return "has changed, and so have its labels";
}

void add_some(std::vector<std::string>& lines, const std::vector<std::string>& all, const std::string& rest) {
  constexpr std::size_t kShown = 10;
  lines.insert(lines.end(), all.begin(),
               all.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, all.size())));
  if (all.size() > kShown) lines.push_back("and " + std::to_string(all.size() - kShown) + " more " + rest);
}

// Of the journal's records: those that stay, as they are to be written.
class Sorter {
 public:
  Sorter(const Journal& journal, const std::vector<DataSetPlan>& plans)
      : journal_(journal), wanted_(wanted_of(plans)) {}

  void sort() {
    for (const std::string& key : journal_.keys()) sort(key);
    for (const auto& [file, what] : changed_) changes_.changed.push_back({file, what});
    std::ranges::sort(changes_.changed, [](const auto& a, const auto& b) {
      return name_before(a.image_file.native(), b.image_file.native());
    });
    changes_.gone.assign(gone_.begin(), gone_.end());
    std::ranges::sort(changes_.gone, name_before);
    changes_.images_of_unknown_age = static_cast<std::int64_t>(of_unknown_age_.size());
  }

  bool must_rewrite() const { return !changed_.empty() || !of_unknown_age_.empty(); }
  void rewrite(const fs::path& path) const {
    DurableFile file(path);
    for (const std::string& key : kept_) {
      TaskRecord record = journal_.read(key);
      const auto wanted = wanted_.find({record.dataset, record.image});
      if (wanted != wanted_.end()) record.content = wanted->second.content;
      const std::string line = record_line(to_json(record));
      file.write(std::as_bytes(std::span(line)));
    }
    file.commit();
  }
  StudyChanges take_changes() { return std::move(changes_); }

 private:
  void sort(const std::string& key) {
    const Journal::About about = journal_.about(key);
    const auto wanted = wanted_.find({about.dataset, about.image});
    if (wanted == wanted_.end()) {
      gone_.insert(about.dataset + ": " + about.image);
    } else if (about.content == CaseContent{} && picture_orientation(wanted->second.image_file) != 1) {
      changed_[wanted->second.image_file] = StudyChanges::Changed::What::turned;
      return;
    } else if (about.content == CaseContent{}) {
      of_unknown_age_.insert(wanted->second.image_file);
    } else if (about.content != wanted->second.content) {
      changed_[wanted->second.image_file] = what_changed(about.content, wanted->second.content);
      return;
    }
    kept_.push_back(key);
  }

  const Journal& journal_;
  std::map<ImageKey, Wanted> wanted_;
  std::vector<std::string> kept_;
  std::map<fs::path, StudyChanges::Changed::What> changed_;
  std::set<std::string> gone_;
  std::set<fs::path> of_unknown_age_;
  StudyChanges changes_;
};

}  // namespace

std::vector<std::string> lines_of(const StudyChanges& changes) {
  std::vector<std::string> lines;
  std::vector<std::string> all;
  for (const auto& [file, what] : changes.changed)
    all.push_back(file.string() + ": " + std::string(words_for(what)) +
                  " since its results were written: done again");
  add_some(lines, all, "have changed");
  all.clear();
  for (const std::string& image : changes.gone)
    all.push_back(image + ": is no longer among the images that can be studied: its results are dropped");
  add_some(lines, all, "are no longer there");
  if (changes.images_of_unknown_age > 0)
    lines.push_back(
        "results of " + std::to_string(changes.images_of_unknown_age) +
        " images are kept that an earlier version wrote: whether their files have changed since is "
        "not known; from now on it is");
  return lines;
}

StudyChanges drop_changed(const fs::path& folder, const std::vector<DataSetPlan>& plans) {
  const fs::path path = journal_path(folder);
  if (!fs::exists(path)) return {};
  const Journal journal(path);
  Sorter sorter(journal, plans);
  sorter.sort();
  if (sorter.must_rewrite()) sorter.rewrite(path);
  return sorter.take_changes();
}

}  // namespace sonde
