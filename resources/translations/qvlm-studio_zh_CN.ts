<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>ForecastWords</name>
    <message>
        <source>error %1, predicted</source>
        <translation>误差 %1（预测）</translation>
    </message>
    <message>
        <source>%1, %2 bits a weight%3</source>
        <translation>%1，每个权重 %2 位%3</translation>
    </message>
    <message>
        <source>%1 site forwards%2</source>
        <translation>%1 次位点前向计算%2</translation>
    </message>
</context>
<context>
    <name>ModelSummary</name>
    <message>
        <source>%1 bits</source>
        <translation>%1 位</translation>
    </message>
    <message>
        <source>row</source>
        <translation>整行</translation>
    </message>
</context>
<context>
    <name>QObject</name>
    <message>
        <source>The chat history could not be read (%1). It was kept as %2, and a new one begun.</source>
        <translation>对话记录无法读取（%1）。已另存为 %2，并新建了记录。</translation>
    </message>
</context>
<context>
    <name>QToolButton</name>
    <message>
        <source>Save %1</source>
        <translation>保存 %1</translation>
    </message>
    <message>
        <source>Save as picture, drawing or table</source>
        <translation>保存为图片、矢量图或表格</translation>
    </message>
    <message>
        <source>Picture (*.png);;Drawing (*.svg);;Table (*.csv)</source>
        <translation>图片 (*.png);;矢量图 (*.svg);;表格 (*.csv)</translation>
    </message>
</context>
<context>
    <name>RecipeCheck</name>
    <message>
        <source>%1: a group of %2 does not divide its rows of %3; %4 would</source>
        <translation>%1：每组 %2 不能整除其行宽 %3；%4 可以</translation>
    </message>
    <message>
        <source>%1: groups of %2 activations do not divide its %3 inputs</source>
        <translation>%1：每组 %2 个激活不能整除其 %3 个输入</translation>
    </message>
    <message>
        <source>The model has no vision tower: leave its bits at 16 and its optimisation off</source>
        <translation>该模型没有视觉塔：请将其位数保持为 16，并关闭其优化</translation>
    </message>
    <message>
        <source>Open a model first</source>
        <translation>请先打开模型</translation>
    </message>
    <message>
        <source>The model is no longer there: %1</source>
        <translation>模型已不存在：%1</translation>
    </message>
    <message>
        <source>The open model is quantized already; open a full-precision one</source>
        <translation>打开的模型已量化；请打开全精度模型</translation>
    </message>
    <message>
        <source>Choose a calibration set</source>
        <translation>请选择校准集</translation>
    </message>
    <message>
        <source>The calibration set does not exist: %1</source>
        <translation>校准集不存在：%1</translation>
    </message>
    <message>
        <source>The output&apos;s name must end in .qvlm</source>
        <translation>输出名称必须以 .qvlm 结尾</translation>
    </message>
    <message>
        <source>The output exists already; choose another name</source>
        <translation>输出已存在；请另取名称</translation>
    </message>
    <message>
        <source>NF4 runs on the reference only.</source>
        <translation>NF4 仅能在参考实现上运行。</translation>
    </message>
    <message>
        <source>Its online transforms keep other programs from reading the model.</source>
        <translation>其在线变换使其他程序无法读取该模型。</translation>
    </message>
    <message>
        <source>A 4-bit tower saves little and costs accuracy.</source>
        <translation>4 位视觉塔节省很少，却会损失准确率。</translation>
    </message>
    <message>
        <source>A layer-wise search has one block a site: the ribbon&apos;s partition is not used.</source>
        <translation>逐点搜索时每个位点自成一块：不使用色带的划分。</translation>
    </message>
</context>
<context>
    <name>main</name>
    <message>
        <source>Quantizes vision-language models and talks to them.</source>
        <translation>量化视觉语言模型并与之对话。</translation>
    </message>
    <message>
        <source>Say at the end how long the window was away for one event at most.</source>
        <translation>结束时报告窗口处理单个事件的最长时间。</translation>
    </message>
    <message>
        <source>Models to open, or pictures to ask about; without any, the model that was open last, or the demo model.</source>
        <translation>要打开的模型或要询问的图片；都没有时打开上次的模型或演示模型。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::AboutDialog</name>
    <message>
        <source>About Q-VLM Studio</source>
        <translation>关于 Q-VLM Studio</translation>
    </message>
    <message>
        <source>The mark of Q-VLM Studio</source>
        <translation>Q-VLM Studio 的标志</translation>
    </message>
    <message>
        <source>Q-VLM Studio %1</source>
        <translation>Q-VLM Studio %1</translation>
    </message>
    <message>
        <source>Quantizes vision-language models with Q-VLM and runs them on Vulkan, on this machine. Nothing leaves it.</source>
        <translation>用 Q-VLM 量化视觉语言模型，并通过 Vulkan 在本机运行。数据不会离开本机。</translation>
    </message>
    <message>
        <source>Licence: GPL-3.0-or-later
Method: Wang et al., Q-VLM: Post-training Quantization for Large Vision-Language Models, NeurIPS 2024
Qt %1 on %2</source>
        <translation>许可证：GPL-3.0-or-later
方法：Wang 等，Q-VLM: Post-training Quantization for Large Vision-Language Models，NeurIPS 2024
Qt %1，%2</translation>
    </message>
    <message>
        <source>Licence, method and version</source>
        <translation>许可证、方法与版本</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::AccuracyChart</name>
    <message>
        <source>Accuracy by category</source>
        <translation>各类别准确率</translation>
    </message>
    <message>
        <source>%1: %2 of %3 right</source>
        <translation>%1：%3 题中答对 %2 题</translation>
    </message>
    <message>
        <source>Accuracy by category appears as questions are answered</source>
        <translation>回答问题后，此处显示各类别准确率</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::AnswerText</name>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Banner</name>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Dismiss the message</source>
        <translation>关闭消息</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::CandidatePlot</name>
    <message>
        <source>Candidates of the block in search</source>
        <translation>正在搜索的块的候选</translation>
    </message>
    <message>
        <source>Appears while a block is searched</source>
        <translation>搜索某个块时显示</translation>
    </message>
    <message>
        <source>Block %1: tuples scored: %2, best %3</source>
        <translation>块 %1：已评分元组 %2 个，最佳 %3</translation>
    </message>
    <message>
        <source>tuple</source>
        <translation>元组</translation>
    </message>
    <message>
        <source>loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>best so far</source>
        <translation>迄今最佳</translation>
    </message>
    <message>
        <source>Loss of each tuple of the block&apos;s rounding parameters, in the order in which they were scored.</source>
        <translation>该块每组舍入参数的损失，按评分顺序排列。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatChild</name>
    <message>
        <source>The model&apos;s process ended.</source>
        <translation>模型进程已结束。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatController</name>
    <message>
        <source>interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>The model stopped in the middle of its answer. %1</source>
        <translation>模型在回答中途停止。%1</translation>
    </message>
    <message>
        <source>Loading %1</source>
        <translation>正在载入 %1</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>1 token</source>
        <translation>1 个词元</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 个词元</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>first token %1 s</source>
        <translation>首个词元 %1 秒</translation>
    </message>
    <message>
        <source>pictures %1 s</source>
        <translation>图片 %1 秒</translation>
    </message>
    <message>
        <source>prompt %1 tokens</source>
        <translation>提示 %1 个词元</translation>
    </message>
    <message>
        <source>, %1 reused</source>
        <translation>，复用 %1 个</translation>
    </message>
    <message>
        <source>, read at %1/s</source>
        <translation>，读取 %1 个/秒</translation>
    </message>
    <message>
        <source>cut at the most tokens allowed</source>
        <translation>达到最多词元而截断</translation>
    </message>
    <message>
        <source>the context is full</source>
        <translation>上下文已满</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>the device was lost and opened again</source>
        <translation>设备丢失后已重新打开</translation>
    </message>
    <message>
        <source>%1 bits a weight</source>
        <translation>每权重 %1 位</translation>
    </message>
    <message>
        <source>activations at %1 bits</source>
        <translation>激活为 %1 位</translation>
    </message>
    <message>
        <source>first token in %1 s</source>
        <translation>首个词元 %1 秒</translation>
    </message>
    <message>
        <source>%1 MB in use</source>
        <translation>占用 %1 MB</translation>
    </message>
    <message>
        <source>KV cache %1 bits</source>
        <translation>KV 缓存 %1 位</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatPage</name>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>This model takes no pictures. Remove them, or choose a vision-language model.</source>
        <translation>该模型不接受图片。请移除图片，或选择视觉语言模型。</translation>
    </message>
    <message>
        <source>%1 W (%2)</source>
        <translation>%1 W（%2）</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Earlier chats</source>
        <translation>以往对话</translation>
    </message>
    <message>
        <source>Delete chat</source>
        <translation>删除对话</translation>
    </message>
    <message>
        <source>Delete the selected chat</source>
        <translation>删除所选对话</translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>载入</translation>
    </message>
    <message>
        <source>Load the model</source>
        <translation>载入模型</translation>
    </message>
    <message>
        <source>no model</source>
        <translation>无模型</translation>
    </message>
    <message>
        <source>Sampling ▾</source>
        <translation>采样 ▾</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>0: always the likeliest</source>
        <translation>0：总取最可能的</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Most tokens</source>
        <translation>最多词元</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Said to the model before every dialogue</source>
        <translation>在每次对话前告诉模型</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示</translation>
    </message>
    <message>
        <source>Keep token probabilities</source>
        <translation>保留词元概率</translation>
    </message>
    <message>
        <source>Shown under an answer, token by token. Costs a little speed.</source>
        <translation>在回答下方逐词元显示，会略微降低速度。</translation>
    </message>
    <message>
        <source>What ran</source>
        <translation>运行情况</translation>
    </message>
    <message>
        <source>%1
%2, %3</source>
        <translation>%1
%2，%3</translation>
    </message>
    <message>
        <source>loading</source>
        <translation>载入中</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>回答中</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>The model is loading</source>
        <translation>模型正在载入</translation>
    </message>
    <message>
        <source>Load a model first</source>
        <translation>请先载入模型</translation>
    </message>
    <message>
        <source>No model is loaded</source>
        <translation>未载入模型</translation>
    </message>
    <message>
        <source>The model is not running</source>
        <translation>模型未在运行</translation>
    </message>
    <message>
        <source>Run on the reference</source>
        <translation>用参考实现运行</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>Ask about a picture</source>
        <translation>就图片提问</translation>
    </message>
    <message>
        <source>Talk to a model about pictures</source>
        <translation>与模型谈论图片</translation>
    </message>
    <message>
        <source>Drop pictures anywhere on this page, paste them, or attach them below.</source>
        <translation>将图片拖到本页任意处、粘贴，或在下方添加。</translation>
    </message>
    <message>
        <source>Choose a model above and load it. Everything stays on this machine.</source>
        <translation>在上方选择并载入模型。一切都留在本机。</translation>
    </message>
    <message>
        <source>16 bits</source>
        <translation>16 位</translation>
    </message>
    <message>
        <source>8 bits: half the memory</source>
        <translation>8 位：内存减半</translation>
    </message>
    <message>
        <source>How the engine keeps the keys and values of what was said. Holds from the next loading of a model on.</source>
        <translation>引擎如何保存已有对话的键和值。从下一次加载模型起生效。</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatView</name>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChildProcess</name>
    <message>
        <source>%1 could not be started: %2</source>
        <translation>无法启动 %1：%2</translation>
    </message>
    <message>
        <source>%1 ended unexpectedly (signal %2).</source>
        <translation>%1 意外结束（信号 %2）。</translation>
    </message>
    <message>
        <source>%1 ended with status %2.</source>
        <translation>%1 以状态 %2 结束。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::CodeBlock</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>code</source>
        <translation>代码</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::CompareController</name>
    <message>
        <source>The answers are the same, token by token (%1).</source>
        <translation>两个回答逐词元相同（%1）。</translation>
    </message>
    <message>
        <source>The same so far: %1 tokens</source>
        <translation>目前相同：%1 个词元</translation>
    </message>
    <message>
        <source>“%1”</source>
        <translation>“%1”</translation>
    </message>
    <message>
        <source>the end</source>
        <translation>结尾</translation>
    </message>
    <message>
        <source>token %1 is %2 against %3</source>
        <translation>第 %1 个词元为 %2，对方为 %3</translation>
    </message>
    <message>
        <source>The same for %1 tokens; %2</source>
        <translation>前 %1 个词元相同；%2</translation>
    </message>
    <message>
        <source>The first %1 of %2 tokens agree (%3 %); %4</source>
        <translation>%2 个词元中前 %1 个一致（%3 %）；%4</translation>
    </message>
    <message>
        <source>B decodes %1 times as fast as A</source>
        <translation>B 的解码速度是 A 的 %1 倍</translation>
    </message>
    <message>
        <source>A decodes %1 times as fast as B</source>
        <translation>A 的解码速度是 B 的 %1 倍</translation>
    </message>
    <message>
        <source>%1; weights of A %2 MB, of B %3 MB</source>
        <translation>%1；A 的权重 %2 MB，B 的权重 %3 MB</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ComparePage</name>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>One question to two models. Both choose the likeliest token: what differs is theirs.</source>
        <translation>同一问题问两个模型。两者都取最可能的词元：差异来自模型本身。</translation>
    </message>
    <message>
        <source>One after the other</source>
        <translation>依次进行</translation>
    </message>
    <message>
        <source>The second is asked when the first has ended, so that neither slows the other</source>
        <translation>第一个结束后再问第二个，互不拖慢</translation>
    </message>
    <message>
        <source>Unload both</source>
        <translation>全部卸载</translation>
    </message>
    <message>
        <source>Unload both models</source>
        <translation>卸载两个模型</translation>
    </message>
    <message>
        <source>The question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>一致程度</translation>
    </message>
    <message>
        <source>Speeds</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>A</source>
        <translation>A</translation>
    </message>
    <message>
        <source>B</source>
        <translation>B</translation>
    </message>
    <message>
        <source>not loaded</source>
        <translation>未载入</translation>
    </message>
    <message>
        <source>Model %1</source>
        <translation>模型 %1</translation>
    </message>
    <message>
        <source>Model %1 runs on</source>
        <translation>模型 %1 运行于</translation>
    </message>
    <message>
        <source>Answer of model %1</source>
        <translation>模型 %1 的回答</translation>
    </message>
    <message>
        <source>What ran, model %1</source>
        <translation>模型 %1 的运行情况</translation>
    </message>
    <message>
        <source>loading</source>
        <translation>载入中</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>回答中</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>%1  ·  %2 bits a weight
%3</source>
        <translation>%1  ·  每权重 %2 位
%3</translation>
    </message>
    <message>
        <source>The model is loading</source>
        <translation>模型正在载入</translation>
    </message>
    <message>
        <source>The model is loaded when the first question is asked.</source>
        <translation>提出第一个问题时载入模型。</translation>
    </message>
    <message>
        <source>Open a model first</source>
        <translation>请先打开模型</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Composer</name>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Asking an earlier question differently. What was answered to it stays as a branch.</source>
        <translation>正在改写先前的问题。原来的回答作为分支保留。</translation>
    </message>
    <message>
        <source>Leave the question as it was</source>
        <translation>保持原来的问题</translation>
    </message>
    <message>
        <source>Leave the question as it was (Esc)</source>
        <translation>保持原来的问题（Esc）</translation>
    </message>
    <message>
        <source>Attach pictures</source>
        <translation>添加图片</translation>
    </message>
    <message>
        <source>Attach pictures (Ctrl+I)</source>
        <translation>添加图片（Ctrl+I）</translation>
    </message>
    <message>
        <source>Attach a screenshot</source>
        <translation>添加屏幕截图</translation>
    </message>
    <message>
        <source>Attach a screenshot, or a part of it (Ctrl+Shift+S)</source>
        <translation>添加全屏或部分截图（Ctrl+Shift+S）</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Pictures (%1);;All files (*)</source>
        <translation>图片 (%1);;所有文件 (*)</translation>
    </message>
    <message>
        <source>%1 is not a picture that can be read (PNG, JPEG, WebP, BMP, GIF).</source>
        <translation>%1 不是可读取的图片（PNG、JPEG、WebP、BMP、GIF）。</translation>
    </message>
    <message>
        <source>Remove %1</source>
        <translation>移除 %1</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>This system does not let programs look at the screen. Take a screenshot with its own key and paste it.</source>
        <translation>系统不允许程序截屏。请用截屏键截图后粘贴。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter starts a new line</source>
        <translation>回车发送，Shift+回车换行</translation>
    </message>
    <message>
        <source>The pasted picture could not be kept in %1.</source>
        <translation>粘贴的图片无法保存到 %1。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EntropyPlot</name>
    <message>
        <source>Entropy and dependency by site</source>
        <translation>各位点的熵与依赖</translation>
    </message>
    <message>
        <source>Appears when entropy is measured</source>
        <translation>测得熵后显示</translation>
    </message>
    <message>
        <source>site</source>
        <translation>位点</translation>
    </message>
    <message>
        <source>H</source>
        <translation>H</translation>
    </message>
    <message>
        <source>D</source>
        <translation>D</translation>
    </message>
    <message>
        <source>h₀</source>
        <translation>h₀</translation>
    </message>
    <message>
        <source>H: entropy. D: dependency on the next site. h₀: threshold; where D is above it, the block goes on.</source>
        <translation>H：熵。D：对下一位点的依赖。h₀：阈值；D 高于它时块继续延伸。</translation>
    </message>
    <message>
        <source>Sites measured: %1; values from %2 to %3</source>
        <translation>已测位点：%1；数值从 %2 到 %3</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ErrorPlot</name>
    <message>
        <source>Error by block, layer-wise and joint</source>
        <translation>各块误差：逐层与联合</translation>
    </message>
    <message>
        <source>Appears as blocks are searched</source>
        <translation>搜索块后显示</translation>
    </message>
    <message>
        <source>block</source>
        <translation>块</translation>
    </message>
    <message>
        <source>layer-wise</source>
        <translation>逐层</translation>
    </message>
    <message>
        <source>joint</source>
        <translation>联合</translation>
    </message>
    <message>
        <source>Blocks searched: %1</source>
        <translation>已搜索块：%1</translation>
    </message>
    <message>
        <source>before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>Relative output error of each block, on the same inputs: each site searched alone, and all sites of the block together. Before: the joint error before the last edit.</source>
        <translation>相同输入下每个块的相对输出误差：各位点单独搜索，以及块内所有位点联合搜索。之前：上次修改前的联合误差。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EvaluatePage</name>
    <message>
        <source>Evaluate</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>Every question answered freely, and compared whole</source>
        <translation>自由回答每个问题，并整体比对</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop the evaluation</source>
        <translation>停止评估</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Question set</source>
        <translation>问题集</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>How many questions; 0: all</source>
        <translation>问题数；0：全部</translation>
    </message>
    <message>
        <source>Asked the same questions, so that the cases are found where the two part</source>
        <translation>问同样的问题，以找出两者不同之处</translation>
    </message>
    <message>
        <source>Model and what runs it</source>
        <translation>模型及运行方式</translation>
    </message>
    <message>
        <source>Compared with</source>
        <translation>对比模型</translation>
    </message>
    <message>
        <source>Questions</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>State of the evaluation</source>
        <translation>评估状态</translation>
    </message>
    <message>
        <source>Progress of the evaluation</source>
        <translation>评估进度</translation>
    </message>
    <message>
        <source>All verdicts</source>
        <translation>全部判定</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>正确</translation>
    </message>
    <message>
        <source>Wrong</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Wrong, the other right</source>
        <translation>错误，另一个正确</translation>
    </message>
    <message>
        <source>Right, the other wrong</source>
        <translation>正确，另一个错误</translation>
    </message>
    <message>
        <source>Answers differ</source>
        <translation>回答不同</translation>
    </message>
    <message>
        <source>Filter by verdict</source>
        <translation>按判定筛选</translation>
    </message>
    <message>
        <source>All categories</source>
        <translation>全部类别</translation>
    </message>
    <message>
        <source>Filter by category</source>
        <translation>按类别筛选</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search questions and answers</source>
        <translation>搜索问题与回答</translation>
    </message>
    <message>
        <source>Open in Chat</source>
        <translation>在对话中打开</translation>
    </message>
    <message>
        <source>Open the selected question in Chat</source>
        <translation>在对话中打开所选问题</translation>
    </message>
    <message>
        <source>Questions and answers</source>
        <translation>问题与回答</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Accuracy over all questions</source>
        <translation>总准确率</translation>
    </message>
    <message>
        <source>no other model</source>
        <translation>无对比模型</translation>
    </message>
    <message>
        <source>Choose a model and a question set</source>
        <translation>请选择模型和问题集</translation>
    </message>
    <message>
        <source>Questions and tables</source>
        <translation>问题与表格</translation>
    </message>
    <message>
        <source>Tables</source>
        <translation>表格</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EvaluationController</name>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Ended by an error; the answers so far stand</source>
        <translation>因错误结束；已有回答保留</translation>
    </message>
    <message>
        <source>Opening the model</source>
        <translation>正在打开模型</translation>
    </message>
    <message>
        <source>Asking on %1</source>
        <translation>正在 %1 上提问</translation>
    </message>
    <message>
        <source>Question %1 of %2</source>
        <translation>问题 %1 / %2</translation>
    </message>
    <message>
        <source>Stretch %1 of %2 of the text</source>
        <translation>文本片段 %1 / %2</translation>
    </message>
    <message>
        <source>%1 % of %2 questions</source>
        <translation>%2 题中 %1 %</translation>
    </message>
    <message>
        <source>%1 in %2, on %3 at %4 bits a weight</source>
        <translation>%1，用时 %2，%3，每权重 %4 位</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Perplexity over %1 tokens</source>
        <translation>%1 个词元上的困惑度</translation>
    </message>
    <message>
        <source>No questions answered yet</source>
        <translation>尚未回答问题</translation>
    </message>
    <message>
        <source>%1 of %2 right; 95 % interval %3 to %4 %</source>
        <translation>%2 题答对 %1 题；95 % 区间 %3 至 %4 %</translation>
    </message>
    <message>
        <source>The other model: %1 %; the same answer to %2 % of the questions</source>
        <translation>另一个模型：%1 %；%2 % 的问题回答相同</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EvaluationResults</name>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>%1: cannot be made</source>
        <translation>%1：无法创建</translation>
    </message>
    <message>
        <source>The result is kept without the figures of its run: %1</source>
        <translation>结果已保存，但缺少其运行的数据：%1</translation>
    </message>
    <message>
        <source>The result is not kept for the tables: %1</source>
        <translation>结果未能保存到表格：%1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EvaluationTables</name>
    <message>
        <source>Right answers, %; p of McNemar&apos;s exact test against float (right here alone, there alone)</source>
        <translation>答对率，%；与 float 的 McNemar 精确检验 p 值（仅此对、仅彼对）</translation>
    </message>
    <message>
        <source>95 % intervals of the right answers by category, %</source>
        <translation>各类别答对率的 95 % 区间，%</translation>
    </message>
    <message>
        <source>Distance from float: KL(float || row) in nats a token, and tokens where the most likely one is the same</source>
        <translation>与 float 的距离：每词元 KL(float || 行)（奈特），以及最可能词元相同的比例</translation>
    </message>
    <message>
        <source>The runs: relative squared errors (mean of the blocks; of the layers; of the layers, token by token; last layer), search cost, time and memory</source>
        <translation>各次运行：相对平方误差（块均值；层均值；层均值，逐词元；最后一层）、搜索开销、时间与内存</translation>
    </message>
    <message>
        <source>The evaluations: what ran them, in which bits, their time, and memory on the device</source>
        <translation>各次评估：运行设备、位数、用时与设备内存</translation>
    </message>
    <message>
        <source>Stored size, search cost in site forwards, result (the layout of Q-VLM&apos;s Table 1)</source>
        <translation>存储大小、搜索开销（位点前向次数）、结果（Q-VLM 表 1 的版式）</translation>
    </message>
    <message>
        <source>Accuracy by category, % (the layout of Q-VLM&apos;s Table 2)</source>
        <translation>各类别准确率，%（Q-VLM 表 2 的版式）</translation>
    </message>
    <message>
        <source>Seconds of the evaluation on the reference, which computes in 32 bits whatever the model&apos;s bits are; stored size; result (the layout of Q-VLM&apos;s Table 4)</source>
        <translation>在参考实现上评估的秒数（无论模型位数，均以 32 位计算）；存储大小；结果（Q-VLM 表 4 的版式）</translation>
    </message>
    <message>
        <source>Seconds of the evaluation on what ran it; stored size; result (the layout of Q-VLM&apos;s Table 4)</source>
        <translation>在实际运行设备上评估的秒数；存储大小；结果（Q-VLM 表 4 的版式）</translation>
    </message>
    <message>
        <source>Result and search cost in site forwards (the layout of Q-VLM&apos;s Table 5)</source>
        <translation>结果与搜索开销（位点前向次数）（Q-VLM 表 5 的版式）</translation>
    </message>
    <message>
        <source>row</source>
        <translation>行</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>95 % interval</source>
        <translation>95 % 区间</translation>
    </message>
    <message>
        <source>McNemar p</source>
        <translation>McNemar p 值</translation>
    </message>
    <message>
        <source>VQA accuracy</source>
        <translation>VQA 准确率</translation>
    </message>
    <message>
        <source>perplexity</source>
        <translation>困惑度</translation>
    </message>
    <message>
        <source>answers&apos; perplexity</source>
        <translation>回答困惑度</translation>
    </message>
    <message>
        <source>KL, image</source>
        <translation>KL，图像</translation>
    </message>
    <message>
        <source>KL, text</source>
        <translation>KL，文本</translation>
    </message>
    <message>
        <source>top-1 %, image</source>
        <translation>Top-1 %，图像</translation>
    </message>
    <message>
        <source>top-1 %, text</source>
        <translation>Top-1 %，文本</translation>
    </message>
    <message>
        <source>same answer %</source>
        <translation>相同回答 %</translation>
    </message>
    <message>
        <source>block error</source>
        <translation>块误差</translation>
    </message>
    <message>
        <source>layer error</source>
        <translation>层误差</translation>
    </message>
    <message>
        <source>token error</source>
        <translation>词元误差</translation>
    </message>
    <message>
        <source>output error</source>
        <translation>输出误差</translation>
    </message>
    <message>
        <source>site forwards</source>
        <translation>位点前向次数</translation>
    </message>
    <message>
        <source>seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>peak MiB</source>
        <translation>峰值 MiB</translation>
    </message>
    <message>
        <source>stored bits</source>
        <translation>存储位数</translation>
    </message>
    <message>
        <source>stored MiB</source>
        <translation>存储 MiB</translation>
    </message>
    <message>
        <source>ran on</source>
        <translation>运行于</translation>
    </message>
    <message>
        <source>bits a weight</source>
        <translation>每权重位数</translation>
    </message>
    <message>
        <source>activation bits</source>
        <translation>激活位数</translation>
    </message>
    <message>
        <source>weights MiB</source>
        <translation>权重 MiB</translation>
    </message>
    <message>
        <source>memory MiB</source>
        <translation>内存 MiB</translation>
    </message>
    <message>
        <source>bits</source>
        <translation>位数</translation>
    </message>
    <message>
        <source>method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>Avg</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>accuracy %</source>
        <translation>准确率 %</translation>
    </message>
    <message>
        <source>search cost</source>
        <translation>搜索开销</translation>
    </message>
    <message>
        <source>MiB</source>
        <translation>MiB</translation>
    </message>
    <message>
        <source>s</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>All figures</source>
        <translation>全部数据</translation>
    </message>
    <message>
        <source>%1, stretches: %2</source>
        <translation>%1，片段：%2</translation>
    </message>
    <message>
        <source>%1, questions: %2</source>
        <translation>%1，问题：%2</translation>
    </message>
    <message>
        <source>Table 1: size, cost</source>
        <translation>表 1：大小、开销</translation>
    </message>
    <message>
        <source>Table 2: categories</source>
        <translation>表 2：类别</translation>
    </message>
    <message>
        <source>Table 4: time, size</source>
        <translation>表 4：时间、大小</translation>
    </message>
    <message>
        <source>Table 5: result, cost</source>
        <translation>表 5：结果、开销</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ExportChoices</name>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>For</source>
        <translation>用于</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Stored as</source>
        <translation>存储为</translation>
    </message>
    <message>
        <source>Relative error</source>
        <translation>相对误差</translation>
    </message>
    <message>
        <source>Because</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Usable</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>Fits</source>
        <translation>能否放下</translation>
    </message>
    <message>
        <source>Longest context</source>
        <translation>最长上下文</translation>
    </message>
    <message>
        <source>Tokens/s, at most</source>
        <translation>词元/秒上限</translation>
    </message>
    <message>
        <source>By</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>not looked at yet</source>
        <translation>尚未检查</translation>
    </message>
    <message>
        <source>not possible: %1</source>
        <translation>无法导出：%1</translation>
    </message>
    <message>
        <source>%1 tensors have no place</source>
        <translation>%1 个张量无法存放</translation>
    </message>
    <message>
        <source>%1 tensors exact, %2 inexact</source>
        <translation>%1 个张量精确，%2 个不精确</translation>
    </message>
    <message>
        <source>exact, all %1 tensors</source>
        <translation>精确，全部 %1 个张量</translation>
    </message>
    <message>
        <source>inexact</source>
        <translation>不精确</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>no place</source>
        <translation>无法存放</translation>
    </message>
    <message>
        <source>%1: weights %2, keys and values %3, working %4</source>
        <translation>%1：权重 %2，键和值 %3，工作内存 %4</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>%1 – %2</source>
        <translation>%1 – %2</translation>
    </message>
    <message>
        <source>%1 GB/s: %2</source>
        <translation>%1 GB/s：%2</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ExportPage</name>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Ship a quantized model to phones, boards, laptops and servers</source>
        <translation>将量化模型交付到手机、开发板、笔记本和服务器</translation>
    </message>
    <message>
        <source>Quantized model</source>
        <translation>量化模型</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>磁盘占用</translation>
    </message>
    <message>
        <source>Stored bits a weight</source>
        <translation>存储位数/权重</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>Files of the quantized model</source>
        <translation>量化模型的文件</translation>
    </message>
    <message>
        <source>Into the folder</source>
        <translation>目标文件夹</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Exported to %1, read back and equal.</source>
        <translation>已导出到 %1，读回一致。</translation>
    </message>
    <message>
        <source>Quantize a model first, or open a .qvlm folder in Model.</source>
        <translation>请先量化模型，或在“模型”中打开 .qvlm 文件夹。</translation>
    </message>
    <message>
        <source>Exporting …</source>
        <translation>正在导出…</translation>
    </message>
    <message>
        <source>Formats, devices and files of the model</source>
        <translation>模型的格式、设备和文件</translation>
    </message>
    <message>
        <source>Formats</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Tensors in the chosen format</source>
        <translation>所选格式中的张量</translation>
    </message>
    <message>
        <source>Context, tokens</source>
        <translation>上下文（词元）</translation>
    </message>
    <message>
        <source>My board:16:68.5</source>
        <translation>我的开发板:16:68.5</translation>
    </message>
    <message>
        <source>Name, GiB of memory, GB/s of bandwidth; Enter adds it</source>
        <translation>名称、内存 GiB、带宽 GB/s；按回车添加</translation>
    </message>
    <message>
        <source>Own device (name:GiB:GB/s), Enter adds it</source>
        <translation>自定义设备（名称:GiB:GB/s），按回车添加</translation>
    </message>
    <message>
        <source>Devices and whether the model fits</source>
        <translation>设备以及模型能否放下</translation>
    </message>
    <message>
        <source>Tokens/s are bounds: the bandwidth over the bytes that a token reads, with a full and an empty context. What a program reaches of them, `qvlm bench` measures.</source>
        <translation>词元/秒为上限：带宽除以每个词元读取的字节数，分别对应满上下文和空上下文。程序实际达到多少，由 `qvlm bench` 测量。</translation>
    </message>
    <message>
        <source>Allow inexact tensors</source>
        <translation>允许不精确的张量</translation>
    </message>
    <message>
        <source>Their relative errors stand in the table</source>
        <translation>其相对误差列于表中</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Progress of the export</source>
        <translation>导出进度</translation>
    </message>
    <message>
        <source>The folder is written beside its place, read back, compared tensor by tensor, and put in place when all is equal.</source>
        <translation>文件夹先写在目标位置旁边，读回并逐个张量比较，全部一致后才放到目标位置。</translation>
    </message>
    <message>
        <source>Exported to %1 and read back; %2 tensors are inexact, as told.</source>
        <translation>已导出到 %1 并读回校验；如前所述，有 %2 个张量不精确。</translation>
    </message>
    <message>
        <source>Every tensor in the chosen format, inexact ones first</source>
        <translation>所选格式中的每个张量，不精确的在前</translation>
    </message>
    <message>
        <source>Write a name, GiB of memory and GB/s of bandwidth, as in My board:16:68.5</source>
        <translation>请填写名称、内存 GiB 和带宽 GB/s，例如 我的开发板:16:68.5</translation>
    </message>
    <message>
        <source>Writing %v of %m</source>
        <translation>正在写入 %v / %m</translation>
    </message>
    <message>
        <source>Checking %v of %m</source>
        <translation>正在检查 %v / %m</translation>
    </message>
    <message>
        <source>Comparing %v of %m</source>
        <translation>正在比较 %v / %m</translation>
    </message>
    <message>
        <source>The format cannot hold this model; the table says why</source>
        <translation>该格式无法容纳此模型；原因见表</translation>
    </message>
    <message>
        <source>Some tensors are inexact in this format: allow them first</source>
        <translation>部分张量在该格式中不精确：请先允许</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::FolderTableModel</name>
    <message>
        <source>decoder, quantized</source>
        <translation>解码器，已量化</translation>
    </message>
    <message>
        <source>vision tower and projector</source>
        <translation>视觉塔与投影层</translation>
    </message>
    <message>
        <source>how it was made</source>
        <translation>制作方式</translation>
    </message>
    <message>
        <source>every event of the run</source>
        <translation>运行的全部事件</translation>
    </message>
    <message>
        <source>errors, entropies and sizes by block</source>
        <translation>各块的误差、熵与大小</translation>
    </message>
    <message>
        <source>tokenizer</source>
        <translation>分词器</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Holds</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::GroupsTableModel</name>
    <message>
        <source>Tensor</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>Row width</source>
        <translation>行宽</translation>
    </message>
    <message>
        <source>Legal groups</source>
        <translation>合法分组</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::HeatmapView</name>
    <message>
        <source>Entropy by site and sample</source>
        <translation>各位点与样本的熵</translation>
    </message>
    <message>
        <source>Appears when entropy is measured</source>
        <translation>测得熵后显示</translation>
    </message>
    <message>
        <source>site</source>
        <translation>位点</translation>
    </message>
    <message>
        <source>sample</source>
        <translation>样本</translation>
    </message>
    <message>
        <source>%1, sample %2: %3</source>
        <translation>%1，样本 %2：%3</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::HistogramPlot</name>
    <message>
        <source>Histogram of the selected site</source>
        <translation>所选位点的直方图</translation>
    </message>
    <message>
        <source>Appears when the site&apos;s activations are measured</source>
        <translation>测得该位点的激活后显示</translation>
    </message>
    <message>
        <source>activation</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>clips %1 %</source>
        <translation>截断 %1 %</translation>
    </message>
    <message>
        <source>%1, error %2 → %3</source>
        <translation>%1，误差 %2 → %3</translation>
    </message>
    <message>
        <source>Drag a bound, or move it with the arrow keys (with Shift the lower one); Escape puts both back. Estimated from the histogram at %1 bits: relative squared error %2, %3 of it by clipping.</source>
        <translation>拖动边界，或用方向键移动（按住 Shift 移动下界）；Esc 还原两者。按 %1 位由直方图估计：相对平方误差 %2，其中截断占 %3。</translation>
    </message>
    <message>
        <source>Site %1: from %2 to %3; bounds %4 and %5</source>
        <translation>位点 %1：从 %2 到 %3；边界 %4 和 %5</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::MainWindow</name>
    <message>
        <source>Q-VLM Studio</source>
        <translation>Q-VLM Studio</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>Open a model folder …</source>
        <translation>打开模型文件夹…</translation>
    </message>
    <message>
        <source>Open a model folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>Open a recent model</source>
        <translation>打开最近的模型</translation>
    </message>
    <message>
        <source>Open a run …</source>
        <translation>打开运行…</translation>
    </message>
    <message>
        <source>Open a run: a .qvlm or .qvlm.partial folder</source>
        <translation>打开运行：.qvlm 或 .qvlm.partial 文件夹</translation>
    </message>
    <message>
        <source>Load a partition …</source>
        <translation>载入划分…</translation>
    </message>
    <message>
        <source>Load a partition</source>
        <translation>载入划分</translation>
    </message>
    <message>
        <source>Partition (*.json)</source>
        <translation>划分 (*.json)</translation>
    </message>
    <message>
        <source>Save the partition …</source>
        <translation>保存划分…</translation>
    </message>
    <message>
        <source>Save the partition</source>
        <translation>保存划分</translation>
    </message>
    <message>
        <source>Settings …</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Three things to try</source>
        <translation>三件可以尝试的事</translation>
    </message>
    <message>
        <source>About Q-VLM Studio</source>
        <translation>关于 Q-VLM Studio</translation>
    </message>
    <message>
        <source>None yet</source>
        <translation>暂无</translation>
    </message>
    <message>
        <source>A run is going</source>
        <translation>有运行正在进行</translation>
    </message>
    <message>
        <source>Leave it? Finished layers are kept, and the run can be resumed.</source>
        <translation>要离开吗？已完成的层会保留，可继续运行。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::MessageBubble</name>
    <message>
        <source>Earlier wording</source>
        <translation>之前的措辞</translation>
    </message>
    <message>
        <source>Earlier answer</source>
        <translation>之前的回答</translation>
    </message>
    <message>
        <source>Later wording</source>
        <translation>之后的措辞</translation>
    </message>
    <message>
        <source>Later answer</source>
        <translation>之后的回答</translation>
    </message>
    <message>
        <source>Copy the question</source>
        <translation>复制问题</translation>
    </message>
    <message>
        <source>Copy the answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>Ask this differently</source>
        <translation>换种问法</translation>
    </message>
    <message>
        <source>Show tokens and their probabilities</source>
        <translation>显示词元及其概率</translation>
    </message>
    <message>
        <source>Looking …</source>
        <translation>正在看…</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ModelPage</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Open a vision-language model: a Hugging Face folder, a .qvlm folder or a GGUF file</source>
        <translation>打开视觉语言模型：Hugging Face 文件夹、.qvlm 文件夹或 GGUF 文件</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Chat with this model</source>
        <translation>与此模型对话</translation>
    </message>
    <message>
        <source>Quantize</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Quantize this model</source>
        <translation>量化此模型</translation>
    </message>
    <message>
        <source>Opening %1 …</source>
        <translation>正在打开 %1…</translation>
    </message>
    <message>
        <source>No model is open</source>
        <translation>未打开模型</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Drop a model folder anywhere on this page, or choose one.</source>
        <translation>将模型文件夹拖到本页任意处，或选择一个。</translation>
    </message>
    <message>
        <source>Open a folder …</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Open a model folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>Open the demo model</source>
        <translation>打开演示模型</translation>
    </message>
    <message>
        <source>The demo model is not in this installation</source>
        <translation>此安装不含演示模型</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>最近</translation>
    </message>
    <message>
        <source>Recent models</source>
        <translation>最近的模型</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>概要</translation>
    </message>
    <message>
        <source>Legal group sizes</source>
        <translation>合法分组大小</translation>
    </message>
    <message>
        <source>Legal group sizes of the tensors</source>
        <translation>各张量的合法分组大小</translation>
    </message>
    <message>
        <source>What the model sees</source>
        <translation>模型所见</translation>
    </message>
    <message>
        <source>The picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>The picture as the model sees it</source>
        <translation>模型看到的图片</translation>
    </message>
    <message>
        <source>The file</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>What the model gets</source>
        <translation>模型得到的</translation>
    </message>
    <message>
        <source>Another picture …</source>
        <translation>换一张图片…</translation>
    </message>
    <message>
        <source>Show another picture as the model sees it</source>
        <translation>以模型的视角显示另一张图片</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Pictures (%1);;All files (*)</source>
        <translation>图片 (%1);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Three steps to try</source>
        <translation>可尝试的三个步骤</translation>
    </message>
    <message>
        <source>Tune a vision-language model by eye, then talk to it</source>
        <translation>凭眼调校视觉语言模型，然后与它对话</translation>
    </message>
    <message>
        <source>Three steps, with the small demo model that comes with the studio. Everything stays on this machine.</source>
        <translation>用自带的小型演示模型走三步。一切都留在本机。</translation>
    </message>
    <message>
        <source>Ask it about a picture</source>
        <translation>就图片提问</translation>
    </message>
    <message>
        <source>It knows shapes, colours, counts, places and words, and answers in English.</source>
        <translation>它认识形状、颜色、数量、位置和文字，用英语回答。</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>提问</translation>
    </message>
    <message>
        <source>Quantize it to 4 bits</source>
        <translation>量化到 4 位</translation>
    </message>
    <message>
        <source>Watch entropy, blocks and errors as they are measured; drag the blocks&apos; borders.</source>
        <translation>观察熵、块和误差的测量过程；拖动块的边界。</translation>
    </message>
    <message>
        <source>Compare the two</source>
        <translation>比较两者</translation>
    </message>
    <message>
        <source>One question to both: see the first token where the answers part.</source>
        <translation>同一问题问两者：看回答从哪个词元开始不同。</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Open the demo model first</source>
        <translation>请先打开演示模型</translation>
    </message>
    <message>
        <source>Hide these steps</source>
        <translation>隐藏这些步骤</translation>
    </message>
    <message>
        <source>%1 (quantized)</source>
        <translation>%1（已量化）</translation>
    </message>
    <message>
        <source>Models that you open appear here</source>
        <translation>打开过的模型显示在这里</translation>
    </message>
    <message>
        <source>This model is quantized already</source>
        <translation>该模型已经量化</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>系列</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Decoder</source>
        <translation>解码器</translation>
    </message>
    <message>
        <source>%1 layers × %2</source>
        <translation>%1 层 × %2</translation>
    </message>
    <message>
        <source>Activation sites</source>
        <translation>激活位点</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 个词元</translation>
    </message>
    <message>
        <source>Vision tower</source>
        <translation>视觉塔</translation>
    </message>
    <message>
        <source>none: text only</source>
        <translation>无：仅文本</translation>
    </message>
    <message>
        <source>%1 × %1 px, %2 tokens</source>
        <translation>%1 × %1 像素，%2 个词元</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>磁盘占用</translation>
    </message>
    <message>
        <source>%1, %2 bits a weight</source>
        <translation>%1，每权重 %2 位</translation>
    </message>
    <message>
        <source>Choose a picture to see it with the model&apos;s eyes.</source>
        <translation>选择图片，以模型的视角查看。</translation>
    </message>
    <message>
        <source>This model takes no pictures.</source>
        <translation>该模型不接受图片。</translation>
    </message>
    <message>
        <source>Reading %1 …</source>
        <translation>正在读取 %1…</translation>
    </message>
    <message>
        <source>%1: %2 × %3 pixels, seen as %4 × %5 (%6), %7 tokens</source>
        <translation>%1：%2 × %3 像素，模型看到 %4 × %5（%6），%7 个词元</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ModelPicker</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Runs on</source>
        <translation>运行方式</translation>
    </message>
    <message>
        <source>Vulkan</source>
        <translation>Vulkan</translation>
    </message>
    <message>
        <source>Reference (CPU)</source>
        <translation>参考实现（CPU）</translation>
    </message>
    <message>
        <source>Vulkan: the engine, on any vendor&apos;s GPU. Reference: the exact model on the CPU. As A16: a model with quantized activations runs without quantizing them, and every answer says so.</source>
        <translation>Vulkan：引擎，适用于任何厂商的 GPU。参考实现：在 CPU 上运行精确模型。A16：激活已量化的模型以不量化激活的方式运行，每个回答都会注明。</translation>
    </message>
    <message>
        <source>%1 (quantized)</source>
        <translation>%1（已量化）</translation>
    </message>
    <message>
        <source>%1 (full precision)</source>
        <translation>%1（全精度）</translation>
    </message>
    <message>
        <source>Vulkan, as A16</source>
        <translation>Vulkan（按 A16）</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::PathField</name>
    <message>
        <source>…</source>
        <translation>…</translation>
    </message>
    <message>
        <source>Browse: %1</source>
        <translation>浏览：%1</translation>
    </message>
    <message>
        <source>Browse</source>
        <translation>浏览</translation>
    </message>
    <message>
        <source>Quantized model (*.qvlm)</source>
        <translation>量化模型 (*.qvlm)</translation>
    </message>
    <message>
        <source>Data sets (*.json *.jsonl);;All files (*)</source>
        <translation>数据集 (*.json *.jsonl);;所有文件 (*)</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::PowerMeter</name>
    <message>
        <source>GPU</source>
        <translation>GPU</translation>
    </message>
    <message>
        <source>processor</source>
        <translation>处理器</translation>
    </message>
    <message>
        <source>battery</source>
        <translation>电池</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ProxyPlot</name>
    <message>
        <source>Error difference against a proxy</source>
        <translation>误差差值与代理指标</translation>
    </message>
    <message>
        <source>Appears when the recipe validates the proxies: choose a number of depths under More</source>
        <translation>当配方验证代理指标时显示：请在“更多”中选择深度数</translation>
    </message>
    <message>
        <source>R² %1</source>
        <translation>R² %1</translation>
    </message>
    <message>
        <source>A point a calibration sample: the discretization error difference (what searching two sites jointly saves) against the proxy. R²: the share of its variance that the straight line explains.</source>
        <translation>每个校准样本一个点：离散化误差差值（联合搜索两个位点所节省的误差）与代理指标的关系。R²：直线所解释的方差比例。</translation>
    </message>
    <message>
        <source>dependency D</source>
        <translation>依赖度 D</translation>
    </message>
    <message>
        <source>entropy H</source>
        <translation>熵 H</translation>
    </message>
    <message>
        <source>quantization error</source>
        <translation>量化误差</translation>
    </message>
    <message>
        <source>Sites %1 and %2: R² %3 over %4 samples</source>
        <translation>位点 %1 和 %2：R² %3，共 %4 个样本</translation>
    </message>
    <message>
        <source>All pairs: R² %1 over %2 points</source>
        <translation>所有位点对：R² %1，共 %2 个点</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::QuantizePage</name>
    <message>
        <source>Quantize</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Resume run</source>
        <translation>继续运行</translation>
    </message>
    <message>
        <source>Run again with this partition</source>
        <translation>用此划分重新运行</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel the run</source>
        <translation>取消运行</translation>
    </message>
    <message>
        <source>%1
Finished layers are kept; the run can be resumed.</source>
        <translation>%1
已完成的层会保留，可继续运行。</translation>
    </message>
    <message>
        <source>%1 is ready: %2, %3 bits a weight</source>
        <translation>%1 已完成：%2，每权重 %3 位</translation>
    </message>
    <message>
        <source>Chat with it</source>
        <translation>与它对话</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>State of the run</source>
        <translation>运行状态</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>Blocks</source>
        <translation>块</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Split the block behind the selected site</source>
        <translation>在所选位点之后拆分块</translation>
    </message>
    <message>
        <source>Merge the block with the next one</source>
        <translation>与下一块合并</translation>
    </message>
    <message>
        <source>Lock or unlock the block</source>
        <translation>锁定或解锁块</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Selected site</source>
        <translation>所选位点</translation>
    </message>
    <message>
        <source>Block error</source>
        <translation>块误差</translation>
    </message>
    <message>
        <source>Entropy map</source>
        <translation>熵图</translation>
    </message>
    <message>
        <source>Site</source>
        <translation>位点</translation>
    </message>
    <message>
        <source>Load partition</source>
        <translation>载入划分</translation>
    </message>
    <message>
        <source>A run is going. Another one can be opened when it has ended.</source>
        <translation>有运行正在进行。结束后才能打开另一个。</translation>
    </message>
    <message>
        <source>Tuples</source>
        <translation>元组</translation>
    </message>
    <message>
        <source>Open a model to see its activation sites</source>
        <translation>打开模型以查看其激活位点</translation>
    </message>
    <message>
        <source>Site %1</source>
        <translation>位点 %1</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Measure dependency, shape the blocks, search each jointly</source>
        <translation>测量依赖度，划分块，逐块联合搜索</translation>
    </message>
    <message>
        <source>Quick preview</source>
        <translation>快速预览</translation>
    </message>
    <message>
        <source>Memory and time, actual and planned</source>
        <translation>内存与时间：实际与计划</translation>
    </message>
    <message>
        <source>Show or hide the recipe: the plots take its place</source>
        <translation>显示或隐藏配方：图表将占用其位置</translation>
    </message>
    <message>
        <source>Colour of the ribbon</source>
        <translation>色带颜色</translation>
    </message>
    <message>
        <source>What the sites are coloured by</source>
        <translation>位点着色依据</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>熵</translation>
    </message>
    <message>
        <source>Dependency D</source>
        <translation>依赖度 D</translation>
    </message>
    <message>
        <source>Bits</source>
        <translation>位数</translation>
    </message>
    <message>
        <source>Bits of the block&apos;s weights</source>
        <translation>该块权重的位数</translation>
    </message>
    <message>
        <source>Follow the search</source>
        <translation>跟随搜索</translation>
    </message>
    <message>
        <source>The selection goes with the block being searched, until you select another</source>
        <translation>选择随正在搜索的块移动，直到您选择其他块</translation>
    </message>
    <message>
        <source>What the partition costs and is predicted to give</source>
        <translation>该划分的代价与预测结果</translation>
    </message>
    <message>
        <source>DED</source>
        <translation>DED</translation>
    </message>
    <message>
        <source>Discretization error difference against its proxy</source>
        <translation>离散化误差差值与其代理指标</translation>
    </message>
    <message>
        <source>Proxy of the scatter plot</source>
        <translation>散点图的代理指标</translation>
    </message>
    <message>
        <source>D</source>
        <translation>D</translation>
    </message>
    <message>
        <source>H</source>
        <translation>H</translation>
    </message>
    <message>
        <source>error</source>
        <translation>误差</translation>
    </message>
    <message>
        <source>Dependency, entropy, or quantization error of the activations</source>
        <translation>依赖度、熵或激活的量化误差</translation>
    </message>
    <message>
        <source>Add to the recipe&apos;s candidates</source>
        <translation>加入配方候选值</translation>
    </message>
    <message>
        <source>Add %1 to the candidates of the recipe for the next run</source>
        <translation>将 %1 加入配方候选值，用于下次运行</translation>
    </message>
    <message>
        <source>Block %1</source>
        <translation>块 %1</translation>
    </message>
    <message>
        <source>Cost and size are counted. The error is predicted: each block&apos;s by the shares that its sites had in the searched blocks, a quarter for each bit more, and by what joint searches of its depth gained.</source>
        <translation>代价和大小为计数值，误差为预测值：每个块按其位点在已搜索块中的占比、每增加一位减至四分之一，以及同深度联合搜索的收益推算。</translation>
    </message>
    <message>
        <source>not searched yet</source>
        <translation>尚未搜索</translation>
    </message>
    <message>
        <source>not measured yet</source>
        <translation>尚未测量</translation>
    </message>
    <message>
        <source>A layer-wise search has one block a site: choose the joint search for a partition of your own</source>
        <translation>逐层搜索中每个位点为一个块：如需自定义划分，请选择联合搜索</translation>
    </message>
    <message>
        <source>What the edit leaves as it was is taken over; the result is that of a fresh run</source>
        <translation>未受修改影响的部分直接沿用；结果与全新运行相同</translation>
    </message>
    <message>
        <source>Searches only the edited blocks, and leaves all others as they are: approximate, and soon there</source>
        <translation>只搜索修改过的块，其余保持原样：近似结果，但很快得到</translation>
    </message>
    <message>
        <source>Approximate preview: only the edited blocks are searched; all others stand as they were before. %1 Resume the run for the whole result.</source>
        <translation>近似预览：只搜索了修改过的块；其余的块保持原样。%1 继续运行可得到完整结果。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::QuestionEdit</name>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Ask about a picture</source>
        <translation>就图片提问</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::QuestionTableModel</name>
    <message>
        <source>%1 pictures</source>
        <translation>%1 张图片</translation>
    </message>
    <message>
        <source>right</source>
        <translation>正确</translation>
    </message>
    <message>
        <source>wrong</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>right (other wrong)</source>
        <translation>正确（另一个错误）</translation>
    </message>
    <message>
        <source>wrong (other right)</source>
        <translation>错误（另一个正确）</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>判定</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Expected</source>
        <translation>预期</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Rail</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Quantize</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Evaluate</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Workspaces</source>
        <translation>工作区</translation>
    </message>
    <message>
        <source>%1 (Ctrl+%2)</source>
        <translation>%1（Ctrl+%2）</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Light, dark, high contrast, or as the system has it</source>
        <translation>浅色、深色、高对比度或跟随系统</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RecipeMore</name>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Tokens count</source>
        <translation>词元权重</translation>
    </message>
    <message>
        <source>In the losses of weight methods: all the same; picture against text tokens as the answer&apos;s gradient says (MBQ); or each by one over its squared norm, which then counts in the search too.</source>
        <translation>在权重方法的损失中：全部相同；按答案梯度平衡图像与文本词元（MBQ）；或每个词元除以其范数的平方，此时也计入搜索。</translation>
    </message>
    <message>
        <source>the same</source>
        <translation>相同</translation>
    </message>
    <message>
        <source>by modality</source>
        <translation>按模态</translation>
    </message>
    <message>
        <source>relative</source>
        <translation>相对</translation>
    </message>
    <message>
        <source>Residual rank</source>
        <translation>残差秩</translation>
    </message>
    <message>
        <source>Of a low-rank correction behind each matrix; 0: none</source>
        <translation>每个矩阵之后低秩校正的秩；0：无</translation>
    </message>
    <message>
        <source>Symmetric grid</source>
        <translation>对称网格</translation>
    </message>
    <message>
        <source>No zero points: what GGUF&apos;s Q4_0 holds exactly</source>
        <translation>无零点：GGUF 的 Q4_0 可精确存储</translation>
    </message>
    <message>
        <source>Validated pull</source>
        <translation>经验证的牵引</translation>
    </message>
    <message>
        <source>GPTAQ: how far the float path is followed is checked, site by site, on samples that it was not measured on</source>
        <translation>GPTAQ：逐位点在未参与测量的样本上检验跟随浮点路径的程度</translation>
    </message>
    <message>
        <source>Pull (alpha)</source>
        <translation>牵引（alpha）</translation>
    </message>
    <message>
        <source>GPTAQ: how far the float path&apos;s inputs are followed; 0 is GPTQ</source>
        <translation>GPTAQ：跟随浮点路径输入的程度；0 即 GPTQ</translation>
    </message>
    <message>
        <source>Damping</source>
        <translation>阻尼</translation>
    </message>
    <message>
        <source>GPTQ, GPTAQ: of the Hessian&apos;s mean diagonal, added to it</source>
        <translation>GPTQ、GPTAQ：加到 Hessian 上的其平均对角线的比例</translation>
    </message>
    <message>
        <source>AWQ clips</source>
        <translation>AWQ 截断</translation>
    </message>
    <message>
        <source>AWQ: clamp outliers after scaling</source>
        <translation>AWQ：缩放后截断离群值</translation>
    </message>
    <message>
        <source>AWQ duo</source>
        <translation>AWQ 双重缩放</translation>
    </message>
    <message>
        <source>AWQ: scales are divided by the weights&apos; own magnitude too</source>
        <translation>AWQ：缩放系数同时除以权重自身的幅度</translation>
    </message>
    <message>
        <source>Iterations</source>
        <translation>迭代次数</translation>
    </message>
    <message>
        <source>AutoRound: steps a layer</source>
        <translation>AutoRound：每层步数</translation>
    </message>
    <message>
        <source>Transform epochs</source>
        <translation>变换训练轮数</translation>
    </message>
    <message>
        <source>Learned transforms: passes over the calibration set a layer</source>
        <translation>学习变换：每层遍历校准集的次数</translation>
    </message>
    <message>
        <source>Budget, MB</source>
        <translation>预算（MB）</translation>
    </message>
    <message>
        <source>Mixed precision by the size of the decoder&apos;s linears, in place of bits a weight; 0: none</source>
        <translation>按解码器线性层大小（而非每权重位数）的混合精度；0：无</translation>
    </message>
    <message>
        <source>Budget&apos;s losses</source>
        <translation>预算损失</translation>
    </message>
    <message>
        <source>Of a block at each width: modelled from one measured width, or measured at each</source>
        <translation>块在各位宽下的损失：由一个实测位宽推算，或逐一测量</translation>
    </message>
    <message>
        <source>modelled</source>
        <translation>推算</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>Partition</source>
        <translation>划分</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>Blocks grow greedily (Q-VLM Eq. 7), or the best partition of all</source>
        <translation>块按贪心增长（Q-VLM 式 7），或取全局最优划分</translation>
    </message>
    <message>
        <source>greedy</source>
        <translation>贪心</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>By</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>What a pair of neighbouring sites is scored by</source>
        <translation>相邻位点对的评分依据</translation>
    </message>
    <message>
        <source>dependency</source>
        <translation>依赖度</translation>
    </message>
    <message>
        <source>entropy</source>
        <translation>熵</translation>
    </message>
    <message>
        <source>activation error</source>
        <translation>激活误差</translation>
    </message>
    <message>
        <source>Hessian error</source>
        <translation>Hessian 误差</translation>
    </message>
    <message>
        <source>Greatest depth</source>
        <translation>最大深度</translation>
    </message>
    <message>
        <source>Sites a block holds at most</source>
        <translation>一个块最多包含的位点数</translation>
    </message>
    <message>
        <source>h₀ quantile</source>
        <translation>h₀ 分位数</translation>
    </message>
    <message>
        <source>The threshold as a quantile of the scores; 0: their mean</source>
        <translation>以评分的分位数为阈值；0：取均值</translation>
    </message>
    <message>
        <source>h₀</source>
        <translation>h₀</translation>
    </message>
    <message>
        <source>The threshold itself; 0: as the quantile, or the mean, says</source>
        <translation>阈值本身；0：由分位数或均值决定</translation>
    </message>
    <message>
        <source>Validate at depths</source>
        <translation>验证深度数</translation>
    </message>
    <message>
        <source>At so many depths the proxies are compared with the discretization error difference that they stand for: the scatter plot with R²</source>
        <translation>在这么多个深度上，将代理指标与其所代表的离散化误差差值比较：带 R² 的散点图</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search samples</source>
        <translation>搜索样本数</translation>
    </message>
    <message>
        <source>Tuples are scored on these; the best again on all samples</source>
        <translation>元组先在这些样本上评分；最优者再用全部样本评分</translation>
    </message>
    <message>
        <source>Rescored</source>
        <translation>重新评分</translation>
    </message>
    <message>
        <source>Tuples that are scored again on all samples</source>
        <translation>用全部样本重新评分的元组数</translation>
    </message>
    <message>
        <source>Refine bounds</source>
        <translation>细化边界</translation>
    </message>
    <message>
        <source>Of quantized activations, behind a block&apos;s search, on its own output error</source>
        <translation>量化激活的边界：在块搜索之后，按其自身输出误差细化</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>by coordinates</source>
        <translation>按坐标</translation>
    </message>
    <message>
        <source>by gradient</source>
        <translation>按梯度</translation>
    </message>
    <message>
        <source>Channels a group</source>
        <translation>每组通道数</translation>
    </message>
    <message>
        <source>Of activations quantized per group</source>
        <translation>用于按组量化的激活</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Of the samples that are drawn and of random signs</source>
        <translation>用于抽取样本和随机符号</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>0: all. The same number gives the same result</source>
        <translation>0：全部。线程数相同则结果相同</translation>
    </message>
    <message>
        <source>as the range means</source>
        <translation>按范围方式</translation>
    </message>
    <message>
        <source>Candidates</source>
        <translation>候选值</translation>
    </message>
    <message>
        <source>Clip ratios or percentiles that the search tries, from 1 downwards, parted by spaces</source>
        <translation>搜索所尝试的截断比例或百分位，从 1 向下，以空格分隔</translation>
    </message>
    <message>
        <source>Vision tower</source>
        <translation>视觉塔</translation>
    </message>
    <message>
        <source>Of the tower. 8: a scale a row. 4 saves little and costs accuracy.</source>
        <translation>视觉塔的位数。8：每行一个缩放系数。4 节省很少且损失精度。</translation>
    </message>
    <message>
        <source>16 bits</source>
        <translation>16 位</translation>
    </message>
    <message>
        <source>8 bits</source>
        <translation>8 位</translation>
    </message>
    <message>
        <source>4 bits</source>
        <translation>4 位</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>Of the tower</source>
        <translation>视觉塔的激活</translation>
    </message>
    <message>
        <source>6 bits</source>
        <translation>6 位</translation>
    </message>
    <message>
        <source>Projector</source>
        <translation>投影层</translation>
    </message>
    <message>
        <source>Weights of what joins tower and decoder</source>
        <translation>连接视觉塔与解码器部分的权重</translation>
    </message>
    <message>
        <source>Optimise the tower</source>
        <translation>优化视觉塔</translation>
    </message>
    <message>
        <source>By gradient, so that it goes well with the quantized decoder (Q-VLM Eq. 8 to 10)</source>
        <translation>按梯度优化，使其与量化后的解码器匹配（Q-VLM 式 8 至 10）</translation>
    </message>
    <message>
        <source>Epochs</source>
        <translation>轮数</translation>
    </message>
    <message>
        <source>Of the tower&apos;s optimisation</source>
        <translation>视觉塔优化的轮数</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RecipePanel</name>
    <message>
        <source>Own</source>
        <translation>自定义</translation>
    </message>
    <message>
        <source>RTN</source>
        <translation>RTN</translation>
    </message>
    <message>
        <source>AWQ</source>
        <translation>AWQ</translation>
    </message>
    <message>
        <source>GPTQ</source>
        <translation>GPTQ</translation>
    </message>
    <message>
        <source>GPTAQ</source>
        <translation>GPTAQ</translation>
    </message>
    <message>
        <source>AutoRound</source>
        <translation>AutoRound</translation>
    </message>
    <message>
        <source>NF4</source>
        <translation>NF4</translation>
    </message>
    <message>
        <source>SmoothQuant</source>
        <translation>SmoothQuant</translation>
    </message>
    <message>
        <source>4 bits</source>
        <translation>4 位</translation>
    </message>
    <message>
        <source>3 bits</source>
        <translation>3 位</translation>
    </message>
    <message>
        <source>5 bits</source>
        <translation>5 位</translation>
    </message>
    <message>
        <source>6 bits</source>
        <translation>6 位</translation>
    </message>
    <message>
        <source>8 bits</source>
        <translation>8 位</translation>
    </message>
    <message>
        <source>2 bits</source>
        <translation>2 位</translation>
    </message>
    <message>
        <source>32</source>
        <translation>32</translation>
    </message>
    <message>
        <source>64</source>
        <translation>64</translation>
    </message>
    <message>
        <source>128</source>
        <translation>128</translation>
    </message>
    <message>
        <source>whole row</source>
        <translation>整行</translation>
    </message>
    <message>
        <source>16 bits</source>
        <translation>16 位</translation>
    </message>
    <message>
        <source>per token</source>
        <translation>逐词元</translation>
    </message>
    <message>
        <source>per group</source>
        <translation>逐组</translation>
    </message>
    <message>
        <source>static</source>
        <translation>静态</translation>
    </message>
    <message>
        <source>per channel</source>
        <translation>逐通道</translation>
    </message>
    <message>
        <source>How the range of quantized activations is found: for each token, each group of channels, or once from the calibration set, for a site or (folded into the weights) for each of its channels.</source>
        <translation>量化激活的范围如何确定：逐词元、逐通道组，或由校准集一次得出，针对一个位点或（折入权重）其每个通道。</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Norms folded</source>
        <translation>归一化已折入</translation>
    </message>
    <message>
        <source>R1, R2 (folded)</source>
        <translation>R1、R2（折入）</translation>
    </message>
    <message>
        <source>R1, R2, R4 (online)</source>
        <translation>R1、R2、R4（在线）</translation>
    </message>
    <message>
        <source>Turns the model before it is quantized without changing its function. R4 is applied while the model runs. Principal axes, which are measured, go with learned transforms.</source>
        <translation>量化前旋转模型而不改变其功能。R4 在运行时应用。主轴由测量得出，与学习的变换配合使用。</translation>
    </message>
    <message>
        <source>Learned</source>
        <translation>学习</translation>
    </message>
    <message>
        <source>Learns an invertible transform of what each site reads, and clip bounds, layer by layer: the strongest mode for 4-bit activations. It is applied while the model runs; other programs cannot read such a model.</source>
        <translation>逐层学习各位点输入的可逆变换和裁剪界限：4 位激活最强的方式。变换在运行时应用；其他程序无法读取此类模型。</translation>
    </message>
    <message>
        <source>Image-text pairs taken from the calibration set</source>
        <translation>取自校准集的图文对</translation>
    </message>
    <message>
        <source>Mixed precision: bits a weight, with scales and zeros. Each block gets 3, 4, 5, 6 or 8 bits within it; blocks that you have given bits keep them.</source>
        <translation>混合精度：每权重位数，含缩放与零点。各块在其中分得 3、4、5、6 或 8 位；您指定过位数的块保持不变。</translation>
    </message>
    <message>
        <source>Calibration set</source>
        <translation>校准集</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Weight method</source>
        <translation>权重方法</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Group</source>
        <translation>分组</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>样本</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>激活</translation>
    </message>
    <message>
        <source>Range</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Rotation</source>
        <translation>旋转</translation>
    </message>
    <message>
        <source>Transforms</source>
        <translation>变换</translation>
    </message>
    <message>
        <source>Bits a weight</source>
        <translation>每权重位数</translation>
    </message>
    <message>
        <source>What does not fit</source>
        <translation>不符合之处</translation>
    </message>
    <message>
        <source>Notes on the recipe</source>
        <translation>配方说明</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Every other key of the recipe</source>
        <translation>配方的其他所有键</translation>
    </message>
    <message>
        <source>Joint in each block</source>
        <translation>块内联合</translation>
    </message>
    <message>
        <source>Layer-wise, by site</source>
        <translation>逐点单独</translation>
    </message>
    <message>
        <source>Principal axes</source>
        <translation>主轴</translation>
    </message>
    <message>
        <source>Search</source>
        <comment>noun</comment>
        <translation>搜索</translation>
    </message>
    <message>
        <source>OPT-RTN</source>
        <translation>OPT-RTN</translation>
    </message>
    <message>
        <source>RTN: round to nearest. OPT-RTN: with each group&apos;s scale by what its inputs weigh. AWQ: scale channels by their activations first. GPTQ and GPTAQ: later columns make good the error of earlier ones. NF4 runs on the reference only.</source>
        <translation>RTN：就近舍入。OPT-RTN：各组的尺度按其输入的权重选取。AWQ：先按激活缩放通道。GPTQ 与 GPTAQ：后面的列弥补前面列的误差。NF4 仅能在参考实现上运行。</translation>
    </message>
    <message>
        <source>What the run would take</source>
        <translation>运行所需</translation>
    </message>
    <message>
        <source>Counted for this machine before the run: its time on processors that nobody else uses, and its peak memory</source>
        <translation>运行前为本机估算：处理器不被占用时所需的时间，以及内存峰值</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ResultChild</name>
    <message>
        <source>The command&apos;s result could not be read: %1</source>
        <translation>无法读取命令结果：%1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RibbonModel</name>
    <message>
        <source>Move border</source>
        <translation>移动边界</translation>
    </message>
    <message>
        <source>Split block</source>
        <translation>拆分块</translation>
    </message>
    <message>
        <source>Merge blocks</source>
        <translation>合并块</translation>
    </message>
    <message>
        <source>Lock block</source>
        <translation>锁定块</translation>
    </message>
    <message>
        <source>Unlock block</source>
        <translation>解锁块</translation>
    </message>
    <message>
        <source>attention input</source>
        <translation>注意力输入</translation>
    </message>
    <message>
        <source>output input</source>
        <translation>输出层输入</translation>
    </message>
    <message>
        <source>MLP input</source>
        <translation>MLP 输入</translation>
    </message>
    <message>
        <source>down input</source>
        <translation>down 输入</translation>
    </message>
    <message>
        <source>Layer %1, %2</source>
        <translation>第 %1 层，%2</translation>
    </message>
    <message>
        <source>%1 (site %2)</source>
        <translation>%1（位点 %2）</translation>
    </message>
    <message>
        <source>Entropy %1</source>
        <translation>熵 %1</translation>
    </message>
    <message>
        <source>Dependency on the next site %1</source>
        <translation>对下一位点的依赖 %1</translation>
    </message>
    <message>
        <source>Block %1: site %2</source>
        <translation>块 %1：位点 %2</translation>
    </message>
    <message>
        <source>Block %1: sites %2 to %3</source>
        <translation>块 %1：位点 %2 至 %3</translation>
    </message>
    <message>
        <source>, locked</source>
        <translation>，已锁定</translation>
    </message>
    <message>
        <source>Error layer-wise %1, joint %2</source>
        <translation>误差：逐层 %1，联合 %2</translation>
    </message>
    <message>
        <source>Search has no effect here</source>
        <translation>此处搜索没有效果</translation>
    </message>
    <message>
        <source>Being searched</source>
        <translation>正在搜索</translation>
    </message>
    <message>
        <source>Edited: will be searched again</source>
        <translation>已修改：将重新搜索</translation>
    </message>
    <message>
        <source>Affected by an edit before it</source>
        <translation>受前面修改影响</translation>
    </message>
    <message>
        <source>%1 edited, %2 affected</source>
        <translation>%1 个已修改，%2 个受影响</translation>
    </message>
    <message>
        <source>Set bits</source>
        <translation>设置位数</translation>
    </message>
    <message>
        <source>, %1 bits</source>
        <translation>，%1 位</translation>
    </message>
    <message>
        <source>Taken over: its input did not change</source>
        <translation>已沿用：其输入未改变</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RibbonView</name>
    <message>
        <source>This border cannot move: blocks have 1 to 3 sites, and locked ones stay</source>
        <translation>此边界不能移动：块含 1 至 3 个位点，锁定的保持不变</translation>
    </message>
    <message>
        <source>Block %1 ends at site %2</source>
        <translation>块 %1 止于位点 %2</translation>
    </message>
    <message>
        <source>Block</source>
        <translation>块</translation>
    </message>
    <message>
        <source>Split behind this site	S</source>
        <translation>在此位点之后拆分	S</translation>
    </message>
    <message>
        <source>Merge with the next block	M</source>
        <translation>与下一块合并	M</translation>
    </message>
    <message>
        <source>Unlock	L</source>
        <translation>解锁	L</translation>
    </message>
    <message>
        <source>Lock	L</source>
        <translation>锁定	L</translation>
    </message>
    <message>
        <source>Undo	Ctrl+Z</source>
        <translation>撤销	Ctrl+Z</translation>
    </message>
    <message>
        <source>Redo	Ctrl+Shift+Z</source>
        <translation>重做	Ctrl+Shift+Z</translation>
    </message>
    <message>
        <source>Drag to move the border; double click to merge the two blocks</source>
        <translation>拖动以移动边界；双击合并两块</translation>
    </message>
    <message>
        <source>Block ribbon</source>
        <translation>块带</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>第 %1 层</translation>
    </message>
    <message>
        <source>The sites of the model appear here once it is open.</source>
        <translation>打开模型后，其位点显示在这里。</translation>
    </message>
    <message>
        <source>Bits of its weights</source>
        <translation>其权重位数</translation>
    </message>
    <message>
        <source>As the recipe says</source>
        <translation>按配方</translation>
    </message>
    <message>
        <source>&amp;%1 bits</source>
        <translation>&amp;%1 位</translation>
    </message>
    <message>
        <source>Bits of the block&apos;s weights</source>
        <translation>该块权重的位数</translation>
    </message>
    <message>
        <source>Activation sites in order, in blocks. Arrow keys select a site, S splits the block behind it, M merges with the next block, L locks, B gives bits, Control with arrows moves the block&apos;s border, plus, minus and zero zoom.</source>
        <translation>按顺序排列、划分为块的激活位点。方向键选择位点，S 在其后拆分块，M 与下一块合并，L 锁定，B 设置位数，Ctrl 加方向键移动块边界，加号、减号和 0 缩放。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunController</name>
    <message>
        <source>%1 s</source>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 分 %2 秒</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 小时 %2 分</translation>
    </message>
    <message>
        <source>The run ended without a result.</source>
        <translation>运行结束，但没有结果。</translation>
    </message>
    <message>
        <source>Starting: opening the model</source>
        <translation>开始：正在打开模型</translation>
    </message>
    <message>
        <source>Cancelling after the current step; finished layers are kept</source>
        <translation>当前步骤后取消；已完成的层保留</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source> (%1 of %2)</source>
        <translation>（%1 / %2）</translation>
    </message>
    <message>
        <source>Measuring the principal axes</source>
        <translation>正在测量主轴</translation>
    </message>
    <message>
        <source>Quantizing the vision tower</source>
        <translation>正在量化视觉塔</translation>
    </message>
    <message>
        <source>Optimising the vision tower</source>
        <translation>正在优化视觉塔</translation>
    </message>
    <message>
        <source>Encoding the pictures</source>
        <translation>正在编码图片</translation>
    </message>
    <message>
        <source>Measuring activations</source>
        <translation>正在测量激活</translation>
    </message>
    <message>
        <source>Measuring entropy and dependency</source>
        <translation>正在测量熵与依赖</translation>
    </message>
    <message>
        <source>Partitioning the sites into blocks</source>
        <translation>正在将位点划分成块</translation>
    </message>
    <message>
        <source>Measuring what bits the blocks need</source>
        <translation>正在测量各块所需位数</translation>
    </message>
    <message>
        <source>Searching blocks (%1 of %2 done)</source>
        <translation>正在搜索块（已完成 %1 / %2）</translation>
    </message>
    <message>
        <source>Writing the quantized model</source>
        <translation>正在写出量化模型</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Finished in %1</source>
        <translation>用时 %1 完成</translation>
    </message>
    <message>
        <source>Cancelled; the finished part is kept</source>
        <translation>已取消；完成的部分保留</translation>
    </message>
    <message>
        <source>Stopped by an error</source>
        <translation>因错误停止</translation>
    </message>
    <message>
        <source>Unfinished</source>
        <translation>未完成</translation>
    </message>
    <message>
        <source>about %1 left</source>
        <translation>约剩 %1</translation>
    </message>
    <message>
        <source>Error of what changed (blocks: %1): %2 → %3 (%4 %).</source>
        <translation>改动部分的误差（块：%1）：%2 → %3（%4 %）。</translation>
    </message>
    <message>
        <source>Memory %1 of %2 planned</source>
        <translation>内存 %1，计划 %2</translation>
    </message>
    <message>
        <source>Memory %1</source>
        <translation>内存 %1</translation>
    </message>
    <message>
        <source>Memory %1 planned</source>
        <translation>计划内存 %1</translation>
    </message>
    <message>
        <source>%1 of %2 planned</source>
        <translation>%1，计划 %2</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunFigures</name>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>Calibration pairs</source>
        <translation>校准对</translation>
    </message>
    <message>
        <source>Partition</source>
        <translation>划分</translation>
    </message>
    <message>
        <source>%1 blocks, %2</source>
        <translation>%1 块，%2</translation>
    </message>
    <message>
        <source>Error, layer-wise</source>
        <translation>误差，逐层</translation>
    </message>
    <message>
        <source>Error, joint</source>
        <translation>误差，联合</translation>
    </message>
    <message>
        <source>Error, last layer</source>
        <translation>误差，最后一层</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>not evaluated</source>
        <translation>未评估</translation>
    </message>
    <message>
        <source>Bits a weight</source>
        <translation>每权重位数</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Search cost, site forwards</source>
        <translation>搜索开销（位点前向次数）</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Peak memory</source>
        <translation>峰值内存</translation>
    </message>
    <message>
        <source>The best of these</source>
        <translation>其中最佳</translation>
    </message>
    <message>
        <source>Figure</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Error, mean over layers</source>
        <translation>误差（各层均值）</translation>
    </message>
    <message>
        <source>Error, token by token</source>
        <translation>误差（逐词元）</translation>
    </message>
    <message>
        <source>Decoding speed</source>
        <translation>解码速度</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>未测量</translation>
    </message>
    <message>
        <source>Recipe: %1</source>
        <translation>配方：%1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunLibrary</name>
    <message>
        <source>cannot be read</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>unfinished</source>
        <translation>未完成</translation>
    </message>
    <message>
        <source>g%1</source>
        <translation>g%1</translation>
    </message>
    <message>
        <source>row</source>
        <translation>整行</translation>
    </message>
    <message>
        <source>W%1 %2 %3, A%4, %5</source>
        <translation>W%1 %2 %3，A%4，%5</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>Joint error</source>
        <translation>联合误差</translation>
    </message>
    <message>
        <source>Bits</source>
        <translation>位数</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Last change</source>
        <translation>最近更改</translation>
    </message>
    <message>
        <source>Run</source>
        <comment>noun</comment>
        <translation>运行</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunPlanner</name>
    <message>
        <source>Planned: %1, %2 of memory</source>
        <translation>计划：%1，内存 %2</translation>
    </message>
    <message>
        <source>Would be refused: %1</source>
        <translation>会被拒绝：%1</translation>
    </message>
    <message>
        <source>Planning …</source>
        <translation>正在规划…</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunPlot</name>
    <message>
        <source>Legend</source>
        <translation>图例</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunsErrorPlot</name>
    <message>
        <source>Joint error over the sites, by run</source>
        <translation>各运行在位点上的联合误差</translation>
    </message>
    <message>
        <source>Select runs whose blocks were searched</source>
        <translation>请选择已搜索过块的运行</translation>
    </message>
    <message>
        <source>site</source>
        <translation>位点</translation>
    </message>
    <message>
        <source>Relative output error of each block after the joint search, drawn over the sites it holds.</source>
        <translation>联合搜索后各块的相对输出误差，画在其位点之上。</translation>
    </message>
    <message>
        <source>Runs drawn: %1</source>
        <translation>已绘制的运行：%1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunsPage</name>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Copy the recipe</source>
        <translation>复制配方</translation>
    </message>
    <message>
        <source>Into workspace Quantize, for a new run</source>
        <translation>带到“量化”工作区，用于新的运行</translation>
    </message>
    <message>
        <source>Open in Quantize</source>
        <translation>在“量化”中打开</translation>
    </message>
    <message>
        <source>With all plots; an unfinished run can be resumed there</source>
        <translation>包含全部图表；未完成的运行可在那里继续</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>并排</translation>
    </message>
    <message>
        <source>Figures of the selected runs</source>
        <translation>所选运行的指标</translation>
    </message>
    <message>
        <source>Joint error by site</source>
        <translation>各位点的联合误差</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Select two or three to see them side by side</source>
        <translation>选择两到三个以并排查看</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Goes on where the run was broken off</source>
        <translation>从运行中断处继续</translation>
    </message>
    <message>
        <source>Measure speed</source>
        <translation>测量速度</translation>
    </message>
    <message>
        <source>Decodes 32 tokens with each selected model, one after another</source>
        <translation>依次用每个所选模型解码 32 个词元</translation>
    </message>
    <message>
        <source>Copy the figures</source>
        <translation>复制数据</translation>
    </message>
    <message>
        <source>Copy the figures as a table</source>
        <translation>以表格形式复制数据</translation>
    </message>
    <message>
        <source>Measuring …</source>
        <translation>正在测量…</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ScaleBar</name>
    <message>
        <source>From %1 to %2</source>
        <translation>从 %1 到 %2</translation>
    </message>
    <message>
        <source>Colour scale of the ribbon</source>
        <translation>色带的颜色标尺</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ScreenshotPicker</name>
    <message>
        <source>Picture of the screen</source>
        <translation>屏幕图像</translation>
    </message>
    <message>
        <source>Draw a rectangle with the mouse. Enter takes the whole screen, Escape nothing.</source>
        <translation>用鼠标画出矩形。回车取全屏，Esc 取消。</translation>
    </message>
    <message>
        <source>Draw a rectangle. Enter takes all, Escape nothing.</source>
        <translation>画出矩形。回车取全部，Esc 取消。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::SeenStrip</name>
    <message>
        <source>What the model sees</source>
        <translation>模型所见</translation>
    </message>
    <message>
        <source>How pictures are fitted</source>
        <translation>图片如何适配</translation>
    </message>
    <message>
        <source>The model looks at a square. Cropping loses the edges, padding shrinks the picture; answers may differ from how the model was trained.</source>
        <translation>模型看到的是正方形。裁剪会失去边缘，填充会缩小图片；回答可能与训练时的方式不同。</translation>
    </message>
    <message>
        <source>Fitted as trained</source>
        <translation>按训练方式</translation>
    </message>
    <message>
        <source>Cropped</source>
        <translation>裁剪</translation>
    </message>
    <message>
        <source>Padded</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>%1 as the model sees it</source>
        <translation>模型看到的 %1</translation>
    </message>
    <message>
        <source>Reading %1 …</source>
        <translation>正在读取 %1…</translation>
    </message>
    <message>
        <source>%1: %2 × %3 pixels
seen as %4 × %5, %6</source>
        <translation>%1：%2 × %3 像素
模型看到 %4 × %5，%6</translation>
    </message>
    <message>
        <source>padded</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>cropped at the centre</source>
        <translation>居中裁剪</translation>
    </message>
    <message>
        <source>; 1 tile, %1 tokens</source>
        <translation>；1 块，%1 个词元</translation>
    </message>
    <message>
        <source>; the first of %1 frames</source>
        <translation>；共 %1 帧，取第一帧</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::SettingsDialog</name>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>高对比度</translation>
    </message>
    <message>
        <source>The language changes when the window is made anew. A run that is going is asked about first.</source>
        <translation>重建窗口后语言生效。若有运行正在进行，会先询问。</translation>
    </message>
    <message>
        <source>Measure the bandwidth</source>
        <translation>测量带宽</translation>
    </message>
    <message>
        <source>Make the window anew</source>
        <translation>重建窗口</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Vulkan device</source>
        <translation>Vulkan 设备</translation>
    </message>
    <message>
        <source>Measure the read bandwidth of every device</source>
        <translation>测量各设备的读取带宽</translation>
    </message>
    <message>
        <source>Reading the weights is what decoding waits for: bandwidth over their size is the most tokens/s there can be.</source>
        <translation>解码主要等待读取权重：带宽除以权重大小即词元/秒的上限。</translation>
    </message>
    <message>
        <source>Chats, pictures and quantized models are kept in %1</source>
        <translation>对话、图片和量化模型保存在 %1</translation>
    </message>
    <message>
        <source>Where data is kept</source>
        <translation>数据位置</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>The first that can be used</source>
        <translation>第一个可用设备</translation>
    </message>
    <message>
        <source>%1 cannot be used: %2</source>
        <translation>%1 无法使用：%2</translation>
    </message>
    <message>
        <source>%1, reads %2 GB/s</source>
        <translation>%1，读取 %2 GB/s</translation>
    </message>
    <message>
        <source>%1: %2, %3 of memory</source>
        <translation>%1：%2，内存 %3</translation>
    </message>
    <message>
        <source>%1 (not found)</source>
        <translation>%1（未找到）</translation>
    </message>
    <message>
        <source>Looking for devices …</source>
        <translation>正在查找设备…</translation>
    </message>
    <message>
        <source>Measuring …</source>
        <translation>正在测量…</translation>
    </message>
    <message>
        <source>No Vulkan device was found. Models run on the reference (CPU).</source>
        <translation>未找到 Vulkan 设备。模型用参考实现（CPU）运行。</translation>
    </message>
    <message>
        <source>Takes effect with the next model that is loaded.</source>
        <translation>对下一个载入的模型生效。</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ShortcutSheet</name>
    <message>
        <source>Everywhere</source>
        <translation>通用</translation>
    </message>
    <message>
        <source>The next control; with Shift the one before</source>
        <translation>下一个控件；加 Shift 为上一个</translation>
    </message>
    <message>
        <source>Block ribbon</source>
        <translation>块带</translation>
    </message>
    <message>
        <source>Select a site</source>
        <translation>选择位点</translation>
    </message>
    <message>
        <source>The first or the last site</source>
        <translation>第一个或最后一个位点</translation>
    </message>
    <message>
        <source>Move the block&apos;s border</source>
        <translation>移动块的边界</translation>
    </message>
    <message>
        <source>Split the block behind the selected site</source>
        <translation>在所选位点之后拆分块</translation>
    </message>
    <message>
        <source>Merge the block with the next one</source>
        <translation>与下一块合并</translation>
    </message>
    <message>
        <source>Lock or unlock the block</source>
        <translation>锁定或解锁块</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Zoom in or out</source>
        <translation>放大或缩小</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Send the question</source>
        <translation>发送问题</translation>
    </message>
    <message>
        <source>A new line</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>Paste text, a picture or picture files</source>
        <translation>粘贴文本、图片或图片文件</translation>
    </message>
    <message>
        <source>Attach pictures</source>
        <translation>添加图片</translation>
    </message>
    <message>
        <source>Attach a screenshot</source>
        <translation>添加屏幕截图</translation>
    </message>
    <message>
        <source>Give up changing an earlier question</source>
        <translation>放弃修改先前的问题</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::SpeedMeter</name>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>%1: the measurement has no decoding speed</source>
        <translation>%1：测量结果中没有解码速度</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::TablesTab</name>
    <message>
        <source>Tables of results</source>
        <translation>结果表格</translation>
    </message>
    <message>
        <source>No results yet. Run a model over a question set: its result is kept here, and every further model that is asked the same becomes a row. Tables of `qvlm table` can be opened, or dropped on the window.</source>
        <translation>尚无结果。请让模型回答一个问题集：结果会保存在此，之后每个回答相同问题的模型各成一行。`qvlm table` 的表格可以打开，或拖到窗口上。</translation>
    </message>
    <message>
        <source>Results that are shown</source>
        <translation>显示的结果</translation>
    </message>
    <message>
        <source>Models that were asked the same questions are rows of one table</source>
        <translation>回答相同问题的模型是同一表格的各行</translation>
    </message>
    <message>
        <source>Layout of the table</source>
        <translation>表格版式</translation>
    </message>
    <message>
        <source>Tables as Q-VLM&apos;s paper numbers them</source>
        <translation>表格编号同 Q-VLM 论文</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open a table</source>
        <translation>打开表格</translation>
    </message>
    <message>
        <source>Table (*.json)</source>
        <translation>表格 (*.json)</translation>
    </message>
    <message>
        <source>A table file …</source>
        <translation>表格文件 …</translation>
    </message>
    <message>
        <source>The folder of a `qvlm table` …</source>
        <translation>`qvlm table` 的文件夹 …</translation>
    </message>
    <message>
        <source>Open the folder of a table</source>
        <translation>打开表格的文件夹</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the table</source>
        <translation>复制表格</translation>
    </message>
    <message>
        <source>As text</source>
        <translation>复制为文本</translation>
    </message>
    <message>
        <source>For a spreadsheet</source>
        <translation>用于电子表格</translation>
    </message>
    <message>
        <source>Save …</source>
        <translation>保存 …</translation>
    </message>
    <message>
        <source>Save the table</source>
        <translation>保存表格</translation>
    </message>
    <message>
        <source>As text, as JSON that can be opened here again, or as a page with plots</source>
        <translation>保存为文本、可在此重新打开的 JSON，或带图表的网页</translation>
    </message>
    <message>
        <source>Removed: %1</source>
        <translation>已移除：%1</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Remove results</source>
        <translation>移除结果</translation>
    </message>
    <message>
        <source>Takes a model&apos;s results out of the table, or all of them</source>
        <translation>从表格中移除一个模型的结果，或全部移除</translation>
    </message>
    <message>
        <source>The whole table</source>
        <translation>整个表格</translation>
    </message>
    <message>
        <source>Page (*.html);;JSON (*.json);;Text (*.txt)</source>
        <translation>网页 (*.html);;JSON (*.json);;文本 (*.txt)</translation>
    </message>
    <message>
        <source>Kept results that cannot be read are left out:</source>
        <translation>无法读取的已存结果未列出：</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Thumbnail</name>
    <message>
        <source>Picture %1</source>
        <translation>图片 %1</translation>
    </message>
    <message>
        <source>not a picture</source>
        <translation>不是图片</translation>
    </message>
    <message>
        <source>%1
%2 × %3 pixels</source>
        <translation>%1
%2 × %3 像素</translation>
    </message>
    <message>
        <source>
animated: only the first of %1 frames is looked at</source>
        <translation>
动画：共 %1 帧，只看第一帧</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::TokenView</name>
    <message>
        <source>“%1” %2 %</source>
        <translation>“%1” %2 %</translation>
    </message>
    <message>
        <source>instead: %1</source>
        <translation>其他：%1</translation>
    </message>
    <message>
        <source>The answer&apos;s tokens</source>
        <translation>回答的词元</translation>
    </message>
    <message>
        <source>Move the caret onto a token to hear how likely it was.</source>
        <translation>将光标移到词元上，可得知其概率。</translation>
    </message>
    <message>
        <source>The token at the caret</source>
        <translation>光标处的词元</translation>
    </message>
    <message>
        <source>Hover over a token, or move the caret onto it, to see what else could have come.</source>
        <translation>指向词元或将光标移到其上，可查看其他可能的词元。</translation>
    </message>
</context>
</TS>
