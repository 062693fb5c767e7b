// The files in ~/.aws and the environment: settings of a profile as Amazon's own tools read them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "fenchi/s3.h"
#include "fenchi/status.h"

namespace fenchi {

// "name = value" lines below "[section]" lines; '#' and ';' begin comments. The last of two equal
// names counts; continued (indented) lines are passed over. section -> name -> value.
using IniSections = std::map<std::string, std::map<std::string, std::string>, std::less<>>;
IniSections ParseIni(std::string_view text);

// One profile: what the files say, those of ~/.aws/credentials before those of ~/.aws/config.
// "": AWS_PROFILE, else "default". AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name other
// files. A file that is missing says nothing. Errors: kDenied when one may not be read.
struct S3Profile {
  std::string name;
  bool named = false;  // asked for by name, not fallen back to
  std::map<std::string, std::string> settings;

  std::string Setting(const std::string& key) const;
};
Result<S3Profile> ReadS3Profile(const std::string& name);

// The value of the first of these variables that is set to something, else "".
std::string S3Variable(std::initializer_list<const char*> names);

}  // namespace fenchi
