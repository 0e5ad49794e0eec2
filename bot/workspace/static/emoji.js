// Owns the emoji that the page knows: their Slack names, their characters, words to find them by, and skin tones.

// name, character, other names and search words; a trailing "*" marks those that take a skin tone.
const TABLE = `
+1 👍 thumbsup thumbs-up yes good like agree*
-1 👎 thumbsdown thumbs-down no bad dislike*
white_check_mark ✅ done yes check correct
x ❌ no wrong cross
heart ❤️ love like
tada 🎉 party hooray celebrate
eyes 👀 look watching see
pray 🙏 thanks thank please*
clap 👏 applause bravo well*
raised_hands 🙌 hooray praise*
ok_hand 👌 okay perfect*
wave 👋 hello hi bye*
muscle 💪 strong flex*
point_up ☝️ one attention*
point_right 👉 this next*
v ✌️ peace two*
crossed_fingers 🤞 hope luck*
handshake 🤝 deal agree
raising_hand 🙋 question me*
shrug 🤷 unsure dunno*
facepalm 🤦 oops*
100 💯 hundred perfect
fire 🔥 hot great
star ⭐ favourite
star2 🌟 glowing
sparkles ✨ new shiny
rocket 🚀 ship launch fast
bulb 💡 idea light
zap ⚡ fast lightning power
warning ⚠️ caution attention
question ❓ ask unknown
exclamation ❗ important
no_entry 🚫 no_entry_sign stop forbidden
rotating_light 🚨 urgent alarm
hourglass_flowing_sand ⏳ wait waiting time
stopwatch ⏱️ time speed
calendar 📅 date day
pushpin 📌 pin
memo 📝 pencil note write
book 📖 docs read open_book
page_facing_up 📄 document file doc
chart_with_upwards_trend 📈 up growth better
chart_with_downwards_trend 📉 down worse
bar_chart 📊 report figures
mag 🔍 search find
wrench 🔧 fix tool
gear ⚙️ settings setup
bug 🐛 defect error
battery 🔋 power charge
electric_plug 🔌 power plug
package 📦 parcel shipping box
moneybag 💰 price money
lock 🔒 private secure
key 🔑 access
link 🔗 url
speech_balloon 💬 talk message
robot_face 🤖 robot bot chip
brain 🧠 learn model think
seedling 🌱 grow new
repeat 🔁 again retry
rewind ⏪ rollback back
smile 😄 happy
slightly_smiling_face 🙂 smile
grin 😁 happy
joy 😂 laugh funny
sweat_smile 😅 phew
wink 😉
heart_eyes 😍 love
thinking_face 🤔 thinking hmm
confused 😕 unsure
neutral_face 😐 meh
disappointed 😞 sad
cry 😢 sad tear
rage 😡 angry
open_mouth 😮 surprised wow
sunglasses 😎 cool
relieved 😌 phew
partying_face 🥳 party
coffee ☕ break
large_green_circle 🟢 green go
large_yellow_circle 🟡 yellow
red_circle 🔴 red stop
information_source ℹ️ info
arrow_right ➡️ next
heavy_check_mark ✔️ check tick
heavy_plus_sign ➕ plus add
rainbow 🌈 colour
`;

const TONES = { 2: "🏻", 3: "🏼", 4: "🏽", 5: "🏾", 6: "🏿" };

export const EMOJI = TABLE.trim()
  .split("\n")
  .map((line) => {
    const toned = line.endsWith("*");
    const [name, char, ...words] = line.replace(/\*$/, "").trim().split(" ");
    return { name, char, words, toned };
  });

const BY_NAME = new Map(
  EMOJI.flatMap((e) => [...e.words.filter((w) => w.includes("thumbs")), e.name].map((n) => [n, e])),
);
for (const [alias, name] of [
  ["thinking", "thinking_face"],
  ["robot", "robot_face"],
  ["open_book", "book"],
  ["no_entry_sign", "no_entry"],
]) {
  BY_NAME.set(alias, BY_NAME.get(name));
}

// "+1::skin-tone-3" → "👍🏼"; an unknown name → null.
export function emojiChar(fullName) {
  const [name, tone] = fullName.split("::");
  const found = BY_NAME.get(name);
  if (!found) return null;
  const modifier = found.toned && tone ? TONES[Number(tone.replace("skin-tone-", ""))] : undefined;
  return modifier ? found.char.replace("\uFE0F", "") + modifier : found.char;
}

export function withTone(entry, tone) {
  return entry.toned && tone > 1 ? `${entry.name}::skin-tone-${tone}` : entry.name;
}

export function searchEmoji(text) {
  const wanted = text.trim().toLowerCase().replace(/:/g, "");
  if (!wanted) return EMOJI;
  const rank = (e) =>
    e.name.startsWith(wanted) ? 0 : e.words.some((w) => w.startsWith(wanted)) ? 1 : e.name.includes(wanted) ? 2 : 3;
  return EMOJI.filter((e) => rank(e) < 3).sort((a, b) => rank(a) - rank(b));
}
