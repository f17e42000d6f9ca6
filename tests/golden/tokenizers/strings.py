"""The strings that tokenizers are compared on: spaces, Unicode, emoji, code, special tokens, and mixtures of them. Deterministic."""
import random

FIXED = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n ", "\n \n\t ", "a", " a", "a ", "  a  ", "Hello, world!", " Hello", "Hello  world",
    "Hello   world", "Hello\tworld", "line one\nline two\n\nline four", "trailing space ", "trailing newline\n", "The quick brown fox jumps over the lazy dog.",
    "don't can't I'll we've you're it's he'd I'm", "DON'T CAN'T I'LL", "don\u2019t it\u2019s", "1", "12", "123", "1234", "12345678901234567890", "3.14159", "1,000,000.50",
    "2024-01-31T12:34:56Z", "$99.99 50% #1 @home", "a_b-c+d=e*f/g\\h|i&j^k~l`m", "!!!", "???...!!!", "(a[b{c}d]e)", "<tag attr=\"value\">text</tag>", "'single' \"double\"", "\u201cquoted\u201d \"quoted\"",
    "naïve café résumé", "nai\u0308ve cafe\u0301", "Ångström Å Å", "ﬁ ﬂ ½ ² ①", "ÄÖÜäöüß ẞ", "İstanbul ı", "Ελληνικά", "Русский текст, ещё один", "עברית", "العربية مع أرقام ١٢٣",
    "हिन्दी में पाठ", "ภาษาไทย", "한국어 문장입니다.", "日本語のテキスト。カタカナとひらがな", "中文文本，测试一下。", "繁體中文 123 abc", "mixed中文and英文123テスト", "Tiếng Việt có dấu", "ქართული", "አማርኛ",
    "😀", "😀😃😄", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "a😀b", " 😀 ", "❤️ ☀ ★", "👩🏾‍💻 writes code 💻", "\u200b", "a\u200bb", "\u00a0nbsp\u00a0", "em\u2003space", "\u3000全角\u3000", "zero\u200d\u200cwidth", "\ufeffBOM",
    "\u0000", "a\u0001b\u0002", "\u007f", "\u0085", "\u2028\u2029", "\U0001d54f\U0001d7d8", "\U00020000", "\ufffd", "\u0e33\u0331", "▁", "▁▁a", "a▁b", " ▁ ",
    "def f(x):\n    return x + 1\n", "for (int i = 0; i < n; ++i) {\n\tsum += a[i];\n}", "SELECT * FROM t WHERE a = 'b' AND c >= 10;", "#include <vector>\nint main() { return 0; }",
    "{\"key\": [1, 2.5, null, true], \"nested\": {\"a\": \"b\"}}", "https://example.org/path?query=1&other=%20#fragment", "user.name+tag@example.com", "C:\\Users\\name\\file.txt", "/usr/local/bin/python3.11 -m pip",
    "x = y ** 2 - 4 * a * c", "if x!=y:print('a')", "    indented four", "\tindented tab", "        eight", "a\n    b\n        c\n", "// comment\n/* block */", "print(f\"{x:>10.3f}\")", "camelCaseIdentifier snake_case_identifier SCREAMING_CASE",
    "<s>", "</s>", "<unk>", "<pad>", "<image>", "<s>Hello</s>", "a<s>b", " <s> ", "<image>\nWhat is this?", "<image><image>", "USER: <image>\nWhat is at the top left? ASSISTANT:", "USER: a ASSISTANT: b</s>USER: c ASSISTANT:",
    "<|im_start|>user\nHi<|im_end|>\n", "<|endoftext|>", "<|begin_of_text|>x", "<0x0A>", "<0xFF>", "<｜begin▁of▁sentence｜>Hi<｜end▁of▁sentence｜>", "</s", "< s>", "<s ", "<<s>>", "[INST] hi [/INST]", "<s><s></s></s>", "</s> </s>", "x</s>\n<s>y",
    "a" * 50, "ab" * 40, " " * 33, "\n" * 17, "0" * 41, "é" * 20, "中" * 30, "😀" * 15, "- " * 25, "=" * 64, "a b c d e f g h i j k l m n o p", "the the the the the", "supercalifragilisticexpialidocious", "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "What colour is the star?", "Is there a blue star?", "How many circles are there?", "What does the sign say? STOP", "In which picture is the dog, the first or the second?", "red circle, top left",
]

ATOMS = [
    " ", "  ", "\n", "\t", "a", "The", " the", "ing", "Hello", " world", "123", "7", ".", ",", "!", "?", "'s", "'ll", "(", ")", "{}", "==", "->", "::", "é", "ß", "я", "中", "文", "の", "한", "ع", "ह", "ä",
    "😀", "👍🏽", "🇩🇪", "❤️", "\u200b", "\u00a0", "▁", "<s>", "</s>", "<unk>", "<image>", "return", "    ", "\r\n", "_x", "X", "ABC", "\u0301", "½", "٣", "\\n", "/", "<", ">", "|", "~", "`", "&", "%20", "#",
]


def strings(count=300):
    result = list(FIXED)
    choose = random.Random(20240131)
    while len(result) < count:
        result.append("".join(choose.choice(ATOMS) for _ in range(choose.randint(2, 24))))
    return result[:count]


if __name__ == "__main__":
    print(len(FIXED), len(set(strings())))
