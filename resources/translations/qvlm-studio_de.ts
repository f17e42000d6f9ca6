<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>ForecastWords</name>
    <message>
        <source>error %1, predicted</source>
        <translation>Fehler %1, vorhergesagt</translation>
    </message>
    <message>
        <source>%1, %2 bits a weight%3</source>
        <translation>%1, %2 Bit je Gewicht%3</translation>
    </message>
    <message>
        <source>%1 site forwards%2</source>
        <translation>%1 Stellendurchläufe%2</translation>
    </message>
</context>
<context>
    <name>ModelSummary</name>
    <message>
        <source>%1 bits</source>
        <translation>%1 Bit</translation>
    </message>
    <message>
        <source>row</source>
        <translation>Zeile</translation>
    </message>
</context>
<context>
    <name>QObject</name>
    <message>
        <source>The chat history could not be read (%1). It was kept as %2, and a new one begun.</source>
        <translation>Der Chatverlauf war nicht lesbar (%1). Er wurde als %2 aufbewahrt und ein neuer begonnen.</translation>
    </message>
</context>
<context>
    <name>QToolButton</name>
    <message>
        <source>Save %1</source>
        <translation>%1 speichern</translation>
    </message>
    <message>
        <source>Save as picture, drawing or table</source>
        <translation>Als Bild, Zeichnung oder Tabelle speichern</translation>
    </message>
    <message>
        <source>Picture (*.png);;Drawing (*.svg);;Table (*.csv)</source>
        <translation>Bild (*.png);;Zeichnung (*.svg);;Tabelle (*.csv)</translation>
    </message>
</context>
<context>
    <name>RecipeCheck</name>
    <message>
        <source>%1: a group of %2 does not divide its rows of %3; %4 would</source>
        <translation>%1: Gruppen von %2 teilen die Zeilen von %3 nicht auf; %4 täten es</translation>
    </message>
    <message>
        <source>%1: groups of %2 activations do not divide its %3 inputs</source>
        <translation>%1: Gruppen von %2 Aktivierungen teilen die %3 Eingänge nicht auf</translation>
    </message>
    <message>
        <source>The model has no vision tower: leave its bits at 16 and its optimisation off</source>
        <translation>Das Modell hat keinen Bildturm: Lassen Sie dessen Bit bei 16 und seine Optimierung aus</translation>
    </message>
    <message>
        <source>Open a model first</source>
        <translation>Öffnen Sie zuerst ein Modell</translation>
    </message>
    <message>
        <source>The model is no longer there: %1</source>
        <translation>Das Modell ist nicht mehr da: %1</translation>
    </message>
    <message>
        <source>The open model is quantized already; open a full-precision one</source>
        <translation>Das offene Modell ist schon quantisiert; öffnen Sie eins mit voller Genauigkeit</translation>
    </message>
    <message>
        <source>Choose a calibration set</source>
        <translation>Wählen Sie eine Kalibriersammlung</translation>
    </message>
    <message>
        <source>The calibration set does not exist: %1</source>
        <translation>Die Kalibriersammlung gibt es nicht: %1</translation>
    </message>
    <message>
        <source>The output&apos;s name must end in .qvlm</source>
        <translation>Der Name der Ausgabe muss auf .qvlm enden</translation>
    </message>
    <message>
        <source>The output exists already; choose another name</source>
        <translation>Die Ausgabe gibt es schon; wählen Sie einen anderen Namen</translation>
    </message>
    <message>
        <source>NF4 runs on the reference only.</source>
        <translation>NF4 läuft nur auf der Referenz.</translation>
    </message>
    <message>
        <source>Its online transforms keep other programs from reading the model.</source>
        <translation>Wegen seiner laufenden Transformationen können andere Programme das Modell nicht lesen.</translation>
    </message>
    <message>
        <source>A 4-bit tower saves little and costs accuracy.</source>
        <translation>Ein Turm mit 4 Bit spart wenig und kostet Genauigkeit.</translation>
    </message>
    <message>
        <source>A layer-wise search has one block a site: the ribbon&apos;s partition is not used.</source>
        <translation>Sucht jede Stelle für sich, ist jede ein Block: Die Aufteilung des Bandes wird nicht gebraucht.</translation>
    </message>
</context>
<context>
    <name>main</name>
    <message>
        <source>Quantizes vision-language models and talks to them.</source>
        <translation>Quantisiert Bild-Sprach-Modelle und spricht mit ihnen.</translation>
    </message>
    <message>
        <source>Say at the end how long the window was away for one event at most.</source>
        <translation>Am Ende sagen, wie lange das Fenster für ein Ereignis höchstens weg war.</translation>
    </message>
    <message>
        <source>Models to open, or pictures to ask about; without any, the model that was open last, or the demo model.</source>
        <translation>Modelle zum Öffnen oder Bilder zum Befragen; ohne beides das zuletzt geöffnete Modell oder das Demo-Modell.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::AboutDialog</name>
    <message>
        <source>About Q-VLM Studio</source>
        <translation>Über Q-VLM Studio</translation>
    </message>
    <message>
        <source>The mark of Q-VLM Studio</source>
        <translation>Das Zeichen von Q-VLM Studio</translation>
    </message>
    <message>
        <source>Q-VLM Studio %1</source>
        <translation>Q-VLM Studio %1</translation>
    </message>
    <message>
        <source>Quantizes vision-language models with Q-VLM and runs them on Vulkan, on this machine. Nothing leaves it.</source>
        <translation>Quantisiert Bild-Sprach-Modelle mit Q-VLM und führt sie mit Vulkan aus, auf diesem Rechner. Nichts verlässt ihn.</translation>
    </message>
    <message>
        <source>Licence: GPL-3.0-or-later
Method: Wang et al., Q-VLM: Post-training Quantization for Large Vision-Language Models, NeurIPS 2024
Qt %1 on %2</source>
        <translation>Lizenz: GPL-3.0-or-later
Verfahren: Wang et al., Q-VLM: Post-training Quantization for Large Vision-Language Models, NeurIPS 2024
Qt %1 auf %2</translation>
    </message>
    <message>
        <source>Licence, method and version</source>
        <translation>Lizenz, Verfahren und Version</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::AccuracyChart</name>
    <message>
        <source>Accuracy by category</source>
        <translation>Genauigkeit nach Kategorie</translation>
    </message>
    <message>
        <source>%1: %2 of %3 right</source>
        <translation>%1: %2 von %3 richtig</translation>
    </message>
    <message>
        <source>Accuracy by category appears as questions are answered</source>
        <translation>Die Genauigkeit nach Kategorie erscheint, sobald Fragen beantwortet sind</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::AnswerText</name>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Banner</name>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>Dismiss the message</source>
        <translation>Meldung schließen</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::CandidatePlot</name>
    <message>
        <source>Candidates of the block in search</source>
        <translation>Kandidaten des Blocks, der gesucht wird</translation>
    </message>
    <message>
        <source>Appears while a block is searched</source>
        <translation>Erscheint, während ein Block gesucht wird</translation>
    </message>
    <message>
        <source>Block %1: tuples scored: %2, best %3</source>
        <translation>Block %1: Tupel bewertet: %2, bestes %3</translation>
    </message>
    <message>
        <source>tuple</source>
        <translation>Tupel</translation>
    </message>
    <message>
        <source>loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>best so far</source>
        <translation>bisher bester</translation>
    </message>
    <message>
        <source>Loss of each tuple of the block&apos;s rounding parameters, in the order in which they were scored.</source>
        <translation>Verlust jedes Tupels der Rundungsparameter des Blocks, in der Reihenfolge, in der sie bewertet wurden.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatChild</name>
    <message>
        <source>The model&apos;s process ended.</source>
        <translation>Der Prozess des Modells ist zu Ende.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatController</name>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>The model stopped in the middle of its answer. %1</source>
        <translation>Das Modell brach mitten in der Antwort ab. %1</translation>
    </message>
    <message>
        <source>Loading %1</source>
        <translation>%1 wird geladen</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>1 token</source>
        <translation>1 Token</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 Token/s</translation>
    </message>
    <message>
        <source>first token %1 s</source>
        <translation>erstes Token %1 s</translation>
    </message>
    <message>
        <source>pictures %1 s</source>
        <translation>Bilder %1 s</translation>
    </message>
    <message>
        <source>prompt %1 tokens</source>
        <translation>Prompt %1 Token</translation>
    </message>
    <message>
        <source>, %1 reused</source>
        <translation>, %1 wiederverwendet</translation>
    </message>
    <message>
        <source>, read at %1/s</source>
        <translation>, gelesen mit %1/s</translation>
    </message>
    <message>
        <source>cut at the most tokens allowed</source>
        <translation>am Höchstmaß abgeschnitten</translation>
    </message>
    <message>
        <source>the context is full</source>
        <translation>der Kontext ist voll</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>the device was lost and opened again</source>
        <translation>das Gerät ging verloren und wurde neu geöffnet</translation>
    </message>
    <message>
        <source>%1 bits a weight</source>
        <translation>%1 Bit je Gewicht</translation>
    </message>
    <message>
        <source>activations at %1 bits</source>
        <translation>Aktivierungen mit %1 Bit</translation>
    </message>
    <message>
        <source>first token in %1 s</source>
        <translation>erstes Token nach %1 s</translation>
    </message>
    <message>
        <source>%1 MB in use</source>
        <translation>%1 MB belegt</translation>
    </message>
    <message>
        <source>KV cache %1 bits</source>
        <translation>KV-Cache %1 Bit</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatPage</name>
    <message>
        <source>Answer again</source>
        <translation>Neu antworten</translation>
    </message>
    <message>
        <source>This model takes no pictures. Remove them, or choose a vision-language model.</source>
        <translation>Dieses Modell nimmt keine Bilder. Entfernen Sie sie, oder wählen Sie ein Bild-Sprach-Modell.</translation>
    </message>
    <message>
        <source>%1 W (%2)</source>
        <translation>%1 W (%2)</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>Neuer Chat</translation>
    </message>
    <message>
        <source>Earlier chats</source>
        <translation>Frühere Chats</translation>
    </message>
    <message>
        <source>Delete chat</source>
        <translation>Chat löschen</translation>
    </message>
    <message>
        <source>Delete the selected chat</source>
        <translation>Den gewählten Chat löschen</translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation>Chats durchsuchen</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>Laden</translation>
    </message>
    <message>
        <source>Load the model</source>
        <translation>Modell laden</translation>
    </message>
    <message>
        <source>no model</source>
        <translation>kein Modell</translation>
    </message>
    <message>
        <source>Sampling ▾</source>
        <translation>Auswahl ▾</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>Token-Auswahl</translation>
    </message>
    <message>
        <source>0: always the likeliest</source>
        <translation>0: immer das wahrscheinlichste</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>Temperatur</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Most tokens</source>
        <translation>Höchstens Token</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>Said to the model before every dialogue</source>
        <translation>Wird dem Modell vor jedem Gespräch gesagt</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>Systemprompt</translation>
    </message>
    <message>
        <source>Keep token probabilities</source>
        <translation>Wahrscheinlichkeiten der Token behalten</translation>
    </message>
    <message>
        <source>Shown under an answer, token by token. Costs a little speed.</source>
        <translation>Unter einer Antwort gezeigt, Token für Token. Kostet etwas Tempo.</translation>
    </message>
    <message>
        <source>What ran</source>
        <translation>Was lief</translation>
    </message>
    <message>
        <source>%1
%2, %3</source>
        <translation>%1
%2, %3</translation>
    </message>
    <message>
        <source>loading</source>
        <translation>lädt</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>bereit</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>antwortet</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>The model is loading</source>
        <translation>Das Modell wird geladen</translation>
    </message>
    <message>
        <source>Load a model first</source>
        <translation>Laden Sie zuerst ein Modell</translation>
    </message>
    <message>
        <source>No model is loaded</source>
        <translation>Kein Modell geladen</translation>
    </message>
    <message>
        <source>The model is not running</source>
        <translation>Das Modell läuft nicht</translation>
    </message>
    <message>
        <source>Run on the reference</source>
        <translation>Mit der Referenz ausführen</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Ask about a picture</source>
        <translation>Fragen Sie nach einem Bild</translation>
    </message>
    <message>
        <source>Talk to a model about pictures</source>
        <translation>Mit einem Modell über Bilder sprechen</translation>
    </message>
    <message>
        <source>Drop pictures anywhere on this page, paste them, or attach them below.</source>
        <translation>Legen Sie Bilder irgendwo auf dieser Seite ab, fügen Sie sie ein, oder hängen Sie sie unten an.</translation>
    </message>
    <message>
        <source>Choose a model above and load it. Everything stays on this machine.</source>
        <translation>Wählen Sie oben ein Modell und laden Sie es. Alles bleibt auf diesem Rechner.</translation>
    </message>
    <message>
        <source>16 bits</source>
        <translation>16 Bit</translation>
    </message>
    <message>
        <source>8 bits: half the memory</source>
        <translation>8 Bit: halber Speicher</translation>
    </message>
    <message>
        <source>How the engine keeps the keys and values of what was said. Holds from the next loading of a model on.</source>
        <translation>Wie die Engine Schlüssel und Werte des Gesagten aufbewahrt. Gilt ab dem nächsten Laden eines Modells.</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV-Cache</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChatView</name>
    <message>
        <source>Messages</source>
        <translation>Nachrichten</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ChildProcess</name>
    <message>
        <source>%1 could not be started: %2</source>
        <translation>%1 ließ sich nicht starten: %2</translation>
    </message>
    <message>
        <source>%1 ended unexpectedly (signal %2).</source>
        <translation>%1 endete unerwartet (Signal %2).</translation>
    </message>
    <message>
        <source>%1 ended with status %2.</source>
        <translation>%1 endete mit Status %2.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::CodeBlock</name>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the code</source>
        <translation>Code kopieren</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>Code</translation>
    </message>
    <message>
        <source>code</source>
        <translation>Code</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::CompareController</name>
    <message>
        <source>The answers are the same, token by token (%1).</source>
        <translation>Die Antworten sind gleich, Token für Token (%1).</translation>
    </message>
    <message>
        <source>The same so far: %1 tokens</source>
        <translation>Bisher gleich: %1 Token</translation>
    </message>
    <message>
        <source>“%1”</source>
        <translation>„%1“</translation>
    </message>
    <message>
        <source>the end</source>
        <translation>das Ende</translation>
    </message>
    <message>
        <source>token %1 is %2 against %3</source>
        <translation>Token %1 ist %2 statt %3</translation>
    </message>
    <message>
        <source>The same for %1 tokens; %2</source>
        <translation>Gleich über %1 Token; %2</translation>
    </message>
    <message>
        <source>The first %1 of %2 tokens agree (%3 %); %4</source>
        <translation>Die ersten %1 von %2 Token stimmen überein (%3 %); %4</translation>
    </message>
    <message>
        <source>B decodes %1 times as fast as A</source>
        <translation>B dekodiert %1-mal so schnell wie A</translation>
    </message>
    <message>
        <source>A decodes %1 times as fast as B</source>
        <translation>A dekodiert %1-mal so schnell wie B</translation>
    </message>
    <message>
        <source>%1; weights of A %2 MB, of B %3 MB</source>
        <translation>%1; Gewichte von A %2 MB, von B %3 MB</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ComparePage</name>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>One question to two models. Both choose the likeliest token: what differs is theirs.</source>
        <translation>Eine Frage an zwei Modelle. Beide wählen das wahrscheinlichste Token: Was sich unterscheidet, kommt von ihnen.</translation>
    </message>
    <message>
        <source>One after the other</source>
        <translation>Nacheinander</translation>
    </message>
    <message>
        <source>The second is asked when the first has ended, so that neither slows the other</source>
        <translation>Das zweite wird gefragt, wenn das erste fertig ist, damit keines das andere bremst</translation>
    </message>
    <message>
        <source>Unload both</source>
        <translation>Beide entladen</translation>
    </message>
    <message>
        <source>Unload both models</source>
        <translation>Beide Modelle entladen</translation>
    </message>
    <message>
        <source>The question</source>
        <translation>Die Frage</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>Übereinstimmung</translation>
    </message>
    <message>
        <source>Speeds</source>
        <translation>Geschwindigkeiten</translation>
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
        <translation>nicht geladen</translation>
    </message>
    <message>
        <source>Model %1</source>
        <translation>Modell %1</translation>
    </message>
    <message>
        <source>Model %1 runs on</source>
        <translation>Modell %1 läuft auf</translation>
    </message>
    <message>
        <source>Answer of model %1</source>
        <translation>Antwort von Modell %1</translation>
    </message>
    <message>
        <source>What ran, model %1</source>
        <translation>Was lief, Modell %1</translation>
    </message>
    <message>
        <source>loading</source>
        <translation>lädt</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>bereit</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>antwortet</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>%1  ·  %2 bits a weight
%3</source>
        <translation>%1  ·  %2 Bit je Gewicht
%3</translation>
    </message>
    <message>
        <source>The model is loading</source>
        <translation>Das Modell wird geladen</translation>
    </message>
    <message>
        <source>The model is loaded when the first question is asked.</source>
        <translation>Das Modell wird geladen, wenn die erste Frage gestellt wird.</translation>
    </message>
    <message>
        <source>Open a model first</source>
        <translation>Öffnen Sie zuerst ein Modell</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Composer</name>
    <message>
        <source>Send</source>
        <translation>Senden</translation>
    </message>
    <message>
        <source>Asking an earlier question differently. What was answered to it stays as a branch.</source>
        <translation>Eine frühere Frage wird anders gestellt. Was darauf geantwortet wurde, bleibt als Zweig.</translation>
    </message>
    <message>
        <source>Leave the question as it was</source>
        <translation>Die Frage lassen, wie sie war</translation>
    </message>
    <message>
        <source>Leave the question as it was (Esc)</source>
        <translation>Die Frage lassen, wie sie war (Esc)</translation>
    </message>
    <message>
        <source>Attach pictures</source>
        <translation>Bilder anhängen</translation>
    </message>
    <message>
        <source>Attach pictures (Ctrl+I)</source>
        <translation>Bilder anhängen (Strg+I)</translation>
    </message>
    <message>
        <source>Attach a screenshot</source>
        <translation>Bildschirmfoto anhängen</translation>
    </message>
    <message>
        <source>Attach a screenshot, or a part of it (Ctrl+Shift+S)</source>
        <translation>Bildschirmfoto anhängen, ganz oder einen Teil (Strg+Umschalt+S)</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>Pictures (%1);;All files (*)</source>
        <translation>Bilder (%1);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>%1 is not a picture that can be read (PNG, JPEG, WebP, BMP, GIF).</source>
        <translation>%1 ist kein lesbares Bild (PNG, JPEG, WebP, BMP, GIF).</translation>
    </message>
    <message>
        <source>Remove %1</source>
        <translation>%1 entfernen</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>This system does not let programs look at the screen. Take a screenshot with its own key and paste it.</source>
        <translation>Dieses System lässt Programme nicht auf den Bildschirm schauen. Machen Sie ein Bildschirmfoto mit der Taste dafür, und fügen Sie es ein.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stopp</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter starts a new line</source>
        <translation>Eingabe sendet, Umschalt+Eingabe beginnt eine neue Zeile</translation>
    </message>
    <message>
        <source>The pasted picture could not be kept in %1.</source>
        <translation>Das eingefügte Bild ließ sich nicht in %1 aufbewahren.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EntropyPlot</name>
    <message>
        <source>Entropy and dependency by site</source>
        <translation>Entropie und Abhängigkeit nach Stelle</translation>
    </message>
    <message>
        <source>Appears when entropy is measured</source>
        <translation>Erscheint, wenn die Entropie gemessen ist</translation>
    </message>
    <message>
        <source>site</source>
        <translation>Stelle</translation>
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
        <translation>H: Entropie. D: Abhängigkeit von der nächsten Stelle. h₀: Schwelle; wo D darüber liegt, geht der Block weiter.</translation>
    </message>
    <message>
        <source>Sites measured: %1; values from %2 to %3</source>
        <translation>Gemessene Stellen: %1; Werte von %2 bis %3</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ErrorPlot</name>
    <message>
        <source>Error by block, layer-wise and joint</source>
        <translation>Fehler nach Block, stellenweise und gemeinsam</translation>
    </message>
    <message>
        <source>Appears as blocks are searched</source>
        <translation>Erscheint, wenn Blöcke gesucht sind</translation>
    </message>
    <message>
        <source>block</source>
        <translation>Block</translation>
    </message>
    <message>
        <source>layer-wise</source>
        <translation>stellenweise</translation>
    </message>
    <message>
        <source>joint</source>
        <translation>gemeinsam</translation>
    </message>
    <message>
        <source>Blocks searched: %1</source>
        <translation>Gesuchte Blöcke: %1</translation>
    </message>
    <message>
        <source>before</source>
        <translation>vorher</translation>
    </message>
    <message>
        <source>Relative output error of each block, on the same inputs: each site searched alone, and all sites of the block together. Before: the joint error before the last edit.</source>
        <translation>Relativer Ausgabefehler jedes Blocks bei gleichen Eingaben: jede Stelle einzeln gesucht, und alle Stellen des Blocks gemeinsam. Vorher: der gemeinsame Fehler vor der letzten Änderung.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EvaluatePage</name>
    <message>
        <source>Evaluate</source>
        <translation>Bewerten</translation>
    </message>
    <message>
        <source>Every question answered freely, and compared whole</source>
        <translation>Jede Frage frei beantwortet und als Ganzes verglichen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stopp</translation>
    </message>
    <message>
        <source>Stop the evaluation</source>
        <translation>Bewertung anhalten</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Question set</source>
        <translation>Fragensammlung</translation>
    </message>
    <message>
        <source>all</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>How many questions; 0: all</source>
        <translation>Wie viele Fragen; 0: alle</translation>
    </message>
    <message>
        <source>Asked the same questions, so that the cases are found where the two part</source>
        <translation>Wird dasselbe gefragt, damit sich die Fälle finden, in denen beide auseinandergehen</translation>
    </message>
    <message>
        <source>Model and what runs it</source>
        <translation>Modell, und was es ausführt</translation>
    </message>
    <message>
        <source>Compared with</source>
        <translation>Verglichen mit</translation>
    </message>
    <message>
        <source>Questions</source>
        <translation>Fragen</translation>
    </message>
    <message>
        <source>State of the evaluation</source>
        <translation>Stand der Bewertung</translation>
    </message>
    <message>
        <source>Progress of the evaluation</source>
        <translation>Fortschritt der Bewertung</translation>
    </message>
    <message>
        <source>All verdicts</source>
        <translation>Alle Urteile</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>Richtig</translation>
    </message>
    <message>
        <source>Wrong</source>
        <translation>Falsch</translation>
    </message>
    <message>
        <source>Wrong, the other right</source>
        <translation>Falsch, das andere richtig</translation>
    </message>
    <message>
        <source>Right, the other wrong</source>
        <translation>Richtig, das andere falsch</translation>
    </message>
    <message>
        <source>Answers differ</source>
        <translation>Antworten verschieden</translation>
    </message>
    <message>
        <source>Filter by verdict</source>
        <translation>Nach Urteil filtern</translation>
    </message>
    <message>
        <source>All categories</source>
        <translation>Alle Kategorien</translation>
    </message>
    <message>
        <source>Filter by category</source>
        <translation>Nach Kategorie filtern</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Search questions and answers</source>
        <translation>Fragen und Antworten durchsuchen</translation>
    </message>
    <message>
        <source>Open in Chat</source>
        <translation>Im Chat öffnen</translation>
    </message>
    <message>
        <source>Open the selected question in Chat</source>
        <translation>Die gewählte Frage im Chat öffnen</translation>
    </message>
    <message>
        <source>Questions and answers</source>
        <translation>Fragen und Antworten</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>Accuracy over all questions</source>
        <translation>Genauigkeit über alle Fragen</translation>
    </message>
    <message>
        <source>no other model</source>
        <translation>keinem anderen</translation>
    </message>
    <message>
        <source>Choose a model and a question set</source>
        <translation>Wählen Sie Modell und Fragensammlung</translation>
    </message>
    <message>
        <source>Questions and tables</source>
        <translation>Fragen und Tabellen</translation>
    </message>
    <message>
        <source>Tables</source>
        <translation>Tabellen</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EvaluationController</name>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Ended by an error; the answers so far stand</source>
        <translation>Durch einen Fehler beendet; die Antworten bis dahin bleiben</translation>
    </message>
    <message>
        <source>Opening the model</source>
        <translation>Das Modell wird geöffnet</translation>
    </message>
    <message>
        <source>Asking on %1</source>
        <translation>Fragt auf %1</translation>
    </message>
    <message>
        <source>Question %1 of %2</source>
        <translation>Frage %1 von %2</translation>
    </message>
    <message>
        <source>Stretch %1 of %2 of the text</source>
        <translation>Abschnitt %1 von %2 des Textes</translation>
    </message>
    <message>
        <source>%1 % of %2 questions</source>
        <translation>%1 % von %2 Fragen</translation>
    </message>
    <message>
        <source>%1 in %2, on %3 at %4 bits a weight</source>
        <translation>%1 in %2, auf %3 mit %4 Bit je Gewicht</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Perplexity over %1 tokens</source>
        <translation>Perplexität über %1 Token</translation>
    </message>
    <message>
        <source>No questions answered yet</source>
        <translation>Noch keine Fragen beantwortet</translation>
    </message>
    <message>
        <source>%1 of %2 right; 95 % interval %3 to %4 %</source>
        <translation>%1 von %2 richtig; 95-%-Intervall %3 bis %4 %</translation>
    </message>
    <message>
        <source>The other model: %1 %; the same answer to %2 % of the questions</source>
        <translation>Das andere Modell: %1 %; dieselbe Antwort auf %2 % der Fragen</translation>
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
        <translation>%1: lässt sich nicht anlegen</translation>
    </message>
    <message>
        <source>The result is kept without the figures of its run: %1</source>
        <translation>Das Ergebnis ist ohne die Zahlen seines Laufs aufbewahrt: %1</translation>
    </message>
    <message>
        <source>The result is not kept for the tables: %1</source>
        <translation>Das Ergebnis ist nicht für die Tabellen aufbewahrt: %1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::EvaluationTables</name>
    <message>
        <source>Right answers, %; p of McNemar&apos;s exact test against float (right here alone, there alone)</source>
        <translation>Richtige Antworten, %; p des exakten McNemar-Tests gegen float (nur hier, nur dort richtig)</translation>
    </message>
    <message>
        <source>95 % intervals of the right answers by category, %</source>
        <translation>95-%-Intervalle der richtigen Antworten nach Kategorie, %</translation>
    </message>
    <message>
        <source>Distance from float: KL(float || row) in nats a token, and tokens where the most likely one is the same</source>
        <translation>Abstand von float: KL(float || Zeile) in Nat je Token, und Token, bei denen das wahrscheinlichste dasselbe ist</translation>
    </message>
    <message>
        <source>The runs: relative squared errors (mean of the blocks; of the layers; of the layers, token by token; last layer), search cost, time and memory</source>
        <translation>Die Läufe: relative quadratische Fehler (Mittel der Blöcke; der Schichten; der Schichten, Token für Token; letzte Schicht), Suchaufwand, Zeit und Speicher</translation>
    </message>
    <message>
        <source>The evaluations: what ran them, in which bits, their time, and memory on the device</source>
        <translation>Die Bewertungen: was sie ausführte, mit wie vielen Bit, ihre Zeit und der Speicher auf dem Gerät</translation>
    </message>
    <message>
        <source>Stored size, search cost in site forwards, result (the layout of Q-VLM&apos;s Table 1)</source>
        <translation>Größe auf der Platte, Suchaufwand in Stellendurchläufen, Ergebnis (die Anordnung von Tabelle 1 bei Q-VLM)</translation>
    </message>
    <message>
        <source>Accuracy by category, % (the layout of Q-VLM&apos;s Table 2)</source>
        <translation>Genauigkeit nach Kategorie, % (die Anordnung von Tabelle 2 bei Q-VLM)</translation>
    </message>
    <message>
        <source>Seconds of the evaluation on the reference, which computes in 32 bits whatever the model&apos;s bits are; stored size; result (the layout of Q-VLM&apos;s Table 4)</source>
        <translation>Sekunden der Bewertung auf der Referenz, die mit 32 Bit rechnet, wie viele das Modell auch hat; Größe auf der Platte; Ergebnis (die Anordnung von Tabelle 4 bei Q-VLM)</translation>
    </message>
    <message>
        <source>Seconds of the evaluation on what ran it; stored size; result (the layout of Q-VLM&apos;s Table 4)</source>
        <translation>Sekunden der Bewertung auf dem, was sie ausführte; Größe auf der Platte; Ergebnis (die Anordnung von Tabelle 4 bei Q-VLM)</translation>
    </message>
    <message>
        <source>Result and search cost in site forwards (the layout of Q-VLM&apos;s Table 5)</source>
        <translation>Ergebnis und Suchaufwand in Stellendurchläufen (die Anordnung von Tabelle 5 bei Q-VLM)</translation>
    </message>
    <message>
        <source>row</source>
        <translation>Zeile</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>all</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>95 % interval</source>
        <translation>95-%-Intervall</translation>
    </message>
    <message>
        <source>McNemar p</source>
        <translation>McNemar-p</translation>
    </message>
    <message>
        <source>VQA accuracy</source>
        <translation>VQA-Genauigkeit</translation>
    </message>
    <message>
        <source>perplexity</source>
        <translation>Perplexität</translation>
    </message>
    <message>
        <source>answers&apos; perplexity</source>
        <translation>Perplexität der Antworten</translation>
    </message>
    <message>
        <source>KL, image</source>
        <translation>KL, Bild</translation>
    </message>
    <message>
        <source>KL, text</source>
        <translation>KL, Text</translation>
    </message>
    <message>
        <source>top-1 %, image</source>
        <translation>Top-1 %, Bild</translation>
    </message>
    <message>
        <source>top-1 %, text</source>
        <translation>Top-1 %, Text</translation>
    </message>
    <message>
        <source>same answer %</source>
        <translation>gleiche Antwort %</translation>
    </message>
    <message>
        <source>block error</source>
        <translation>Blockfehler</translation>
    </message>
    <message>
        <source>layer error</source>
        <translation>Schichtfehler</translation>
    </message>
    <message>
        <source>token error</source>
        <translation>Tokenfehler</translation>
    </message>
    <message>
        <source>output error</source>
        <translation>Ausgabefehler</translation>
    </message>
    <message>
        <source>site forwards</source>
        <translation>Stellendurchläufe</translation>
    </message>
    <message>
        <source>seconds</source>
        <translation>Sekunden</translation>
    </message>
    <message>
        <source>peak MiB</source>
        <translation>Spitze MiB</translation>
    </message>
    <message>
        <source>stored bits</source>
        <translation>Bit auf der Platte</translation>
    </message>
    <message>
        <source>stored MiB</source>
        <translation>MiB auf der Platte</translation>
    </message>
    <message>
        <source>ran on</source>
        <translation>lief auf</translation>
    </message>
    <message>
        <source>bits a weight</source>
        <translation>Bit je Gewicht</translation>
    </message>
    <message>
        <source>activation bits</source>
        <translation>Aktivierungsbit</translation>
    </message>
    <message>
        <source>weights MiB</source>
        <translation>Gewichte MiB</translation>
    </message>
    <message>
        <source>memory MiB</source>
        <translation>Speicher MiB</translation>
    </message>
    <message>
        <source>bits</source>
        <translation>Bit</translation>
    </message>
    <message>
        <source>method</source>
        <translation>Verfahren</translation>
    </message>
    <message>
        <source>Avg</source>
        <translation>Mittel</translation>
    </message>
    <message>
        <source>accuracy %</source>
        <translation>Genauigkeit %</translation>
    </message>
    <message>
        <source>search cost</source>
        <translation>Suchaufwand</translation>
    </message>
    <message>
        <source>MiB</source>
        <translation>MiB</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>All figures</source>
        <translation>Alle Zahlen</translation>
    </message>
    <message>
        <source>%1, stretches: %2</source>
        <translation>%1, Abschnitte: %2</translation>
    </message>
    <message>
        <source>%1, questions: %2</source>
        <translation>%1, Fragen: %2</translation>
    </message>
    <message>
        <source>Table 1: size, cost</source>
        <translation>Tabelle 1: Größe, Aufwand</translation>
    </message>
    <message>
        <source>Table 2: categories</source>
        <translation>Tabelle 2: Kategorien</translation>
    </message>
    <message>
        <source>Table 4: time, size</source>
        <translation>Tabelle 4: Zeit, Größe</translation>
    </message>
    <message>
        <source>Table 5: result, cost</source>
        <translation>Tabelle 5: Ergebnis, Aufwand</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ExportChoices</name>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>For</source>
        <translation>Für</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>Urteil</translation>
    </message>
    <message>
        <source>Tensor</source>
        <translation>Tensor</translation>
    </message>
    <message>
        <source>Stored as</source>
        <translation>Gespeichert als</translation>
    </message>
    <message>
        <source>Relative error</source>
        <translation>Relativer Fehler</translation>
    </message>
    <message>
        <source>Because</source>
        <translation>Grund</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Usable</source>
        <translation>Nutzbar</translation>
    </message>
    <message>
        <source>Fits</source>
        <translation>Passt</translation>
    </message>
    <message>
        <source>Longest context</source>
        <translation>Längster Kontext</translation>
    </message>
    <message>
        <source>Tokens/s, at most</source>
        <translation>Token/s, höchstens</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Nach</translation>
    </message>
    <message>
        <source>not looked at yet</source>
        <translation>noch nicht geprüft</translation>
    </message>
    <message>
        <source>not possible: %1</source>
        <translation>nicht möglich: %1</translation>
    </message>
    <message>
        <source>%1 tensors have no place</source>
        <translation>%1 Tensoren haben keinen Platz</translation>
    </message>
    <message>
        <source>%1 tensors exact, %2 inexact</source>
        <translation>%1 Tensoren exakt, %2 nicht exakt</translation>
    </message>
    <message>
        <source>exact, all %1 tensors</source>
        <translation>exakt, alle %1 Tensoren</translation>
    </message>
    <message>
        <source>inexact</source>
        <translation>nicht exakt</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>exakt</translation>
    </message>
    <message>
        <source>no place</source>
        <translation>kein Platz</translation>
    </message>
    <message>
        <source>%1: weights %2, keys and values %3, working %4</source>
        <translation>%1: Gewichte %2, Schlüssel und Werte %3, Arbeitsspeicher %4</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>%1 – %2</source>
        <translation>%1 – %2</translation>
    </message>
    <message>
        <source>%1 GB/s: %2</source>
        <translation>%1 GB/s: %2</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ExportPage</name>
    <message>
        <source>Export</source>
        <translation>Export</translation>
    </message>
    <message>
        <source>Ship a quantized model to phones, boards, laptops and servers</source>
        <translation>Ein quantisiertes Modell für Telefone, Platinen, Laptops und Server</translation>
    </message>
    <message>
        <source>Quantized model</source>
        <translation>Quantisiertes Modell</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
    </message>
    <message>
        <source>Stored bits a weight</source>
        <translation>Gespeicherte Bit je Gewicht</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>Files of the quantized model</source>
        <translation>Dateien des quantisierten Modells</translation>
    </message>
    <message>
        <source>Into the folder</source>
        <translation>In den Ordner</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Exported to %1, read back and equal.</source>
        <translation>Nach %1 exportiert, zurückgelesen und gleich.</translation>
    </message>
    <message>
        <source>Quantize a model first, or open a .qvlm folder in Model.</source>
        <translation>Quantisieren Sie zuerst ein Modell, oder öffnen Sie unter „Modell“ einen .qvlm-Ordner.</translation>
    </message>
    <message>
        <source>Exporting …</source>
        <translation>Exportiert …</translation>
    </message>
    <message>
        <source>Formats, devices and files of the model</source>
        <translation>Formate, Geräte und Dateien des Modells</translation>
    </message>
    <message>
        <source>Formats</source>
        <translation>Formate</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>Tensors in the chosen format</source>
        <translation>Tensoren im gewählten Format</translation>
    </message>
    <message>
        <source>Context, tokens</source>
        <translation>Kontext, Token</translation>
    </message>
    <message>
        <source>My board:16:68.5</source>
        <translation>Mein Board:16:68.5</translation>
    </message>
    <message>
        <source>Name, GiB of memory, GB/s of bandwidth; Enter adds it</source>
        <translation>Name, GiB Speicher, GB/s Bandbreite; Eingabe fügt es hinzu</translation>
    </message>
    <message>
        <source>Own device (name:GiB:GB/s), Enter adds it</source>
        <translation>Eigenes Gerät (Name:GiB:GB/s), Eingabe fügt es hinzu</translation>
    </message>
    <message>
        <source>Devices and whether the model fits</source>
        <translation>Geräte und ob das Modell passt</translation>
    </message>
    <message>
        <source>Tokens/s are bounds: the bandwidth over the bytes that a token reads, with a full and an empty context. What a program reaches of them, `qvlm bench` measures.</source>
        <translation>Token/s sind Schranken: die Bandbreite durch die Bytes, die ein Token liest, bei vollem und leerem Kontext. Was ein Programm davon erreicht, misst `qvlm bench`.</translation>
    </message>
    <message>
        <source>Allow inexact tensors</source>
        <translation>Nicht exakte zulassen</translation>
    </message>
    <message>
        <source>Their relative errors stand in the table</source>
        <translation>Ihre relativen Fehler stehen in der Tabelle</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stopp</translation>
    </message>
    <message>
        <source>Progress of the export</source>
        <translation>Fortschritt des Exports</translation>
    </message>
    <message>
        <source>The folder is written beside its place, read back, compared tensor by tensor, and put in place when all is equal.</source>
        <translation>Der Ordner wird neben seinem Platz geschrieben, zurückgelesen, Tensor für Tensor verglichen und erst dann an seinen Platz gesetzt, wenn alles gleich ist.</translation>
    </message>
    <message>
        <source>Exported to %1 and read back; %2 tensors are inexact, as told.</source>
        <translation>Nach %1 exportiert und zurückgelesen; %2 Tensoren sind nicht exakt, wie angegeben.</translation>
    </message>
    <message>
        <source>Every tensor in the chosen format, inexact ones first</source>
        <translation>Jeder Tensor im gewählten Format, nicht exakte zuerst</translation>
    </message>
    <message>
        <source>Write a name, GiB of memory and GB/s of bandwidth, as in My board:16:68.5</source>
        <translation>Bitte Name, GiB Speicher und GB/s Bandbreite angeben, etwa Mein Board:16:68.5</translation>
    </message>
    <message>
        <source>Writing %v of %m</source>
        <translation>Schreibe %v von %m</translation>
    </message>
    <message>
        <source>Checking %v of %m</source>
        <translation>Prüfe %v von %m</translation>
    </message>
    <message>
        <source>Comparing %v of %m</source>
        <translation>Vergleiche %v von %m</translation>
    </message>
    <message>
        <source>The format cannot hold this model; the table says why</source>
        <translation>Das Format kann dieses Modell nicht aufnehmen; die Tabelle sagt, warum</translation>
    </message>
    <message>
        <source>Some tensors are inexact in this format: allow them first</source>
        <translation>Einige Tensoren sind in diesem Format nicht exakt: bitte zuerst zulassen</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::FolderTableModel</name>
    <message>
        <source>decoder, quantized</source>
        <translation>Decoder, quantisiert</translation>
    </message>
    <message>
        <source>vision tower and projector</source>
        <translation>Bildturm und Projektor</translation>
    </message>
    <message>
        <source>how it was made</source>
        <translation>wie es entstand</translation>
    </message>
    <message>
        <source>every event of the run</source>
        <translation>jedes Ereignis des Laufs</translation>
    </message>
    <message>
        <source>errors, entropies and sizes by block</source>
        <translation>Fehler, Entropien und Größen nach Block</translation>
    </message>
    <message>
        <source>tokenizer</source>
        <translation>Tokenizer</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Holds</source>
        <translation>Inhalt</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::GroupsTableModel</name>
    <message>
        <source>Tensor</source>
        <translation>Tensor</translation>
    </message>
    <message>
        <source>Row width</source>
        <translation>Zeilenbreite</translation>
    </message>
    <message>
        <source>Legal groups</source>
        <translation>Zulässige Gruppen</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::HeatmapView</name>
    <message>
        <source>Entropy by site and sample</source>
        <translation>Entropie nach Stelle und Probe</translation>
    </message>
    <message>
        <source>Appears when entropy is measured</source>
        <translation>Erscheint, wenn die Entropie gemessen ist</translation>
    </message>
    <message>
        <source>site</source>
        <translation>Stelle</translation>
    </message>
    <message>
        <source>sample</source>
        <translation>Probe</translation>
    </message>
    <message>
        <source>%1, sample %2: %3</source>
        <translation>%1, Probe %2: %3</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::HistogramPlot</name>
    <message>
        <source>Histogram of the selected site</source>
        <translation>Histogramm der gewählten Stelle</translation>
    </message>
    <message>
        <source>Appears when the site&apos;s activations are measured</source>
        <translation>Erscheint, wenn die Aktivierungen der Stelle gemessen sind</translation>
    </message>
    <message>
        <source>activation</source>
        <translation>Aktivierung</translation>
    </message>
    <message>
        <source>clips %1 %</source>
        <translation>kappt %1 %</translation>
    </message>
    <message>
        <source>%1, error %2 → %3</source>
        <translation>%1, Fehler %2 → %3</translation>
    </message>
    <message>
        <source>Drag a bound, or move it with the arrow keys (with Shift the lower one); Escape puts both back. Estimated from the histogram at %1 bits: relative squared error %2, %3 of it by clipping.</source>
        <translation>Eine Grenze ziehen oder mit den Pfeiltasten bewegen (mit Umschalt die untere); Esc setzt beide zurück. Aus dem Histogramm bei %1 Bit geschätzt: relativer quadratischer Fehler %2, davon %3 durch Kappen.</translation>
    </message>
    <message>
        <source>Site %1: from %2 to %3; bounds %4 and %5</source>
        <translation>Stelle %1: von %2 bis %3; Grenzen %4 und %5</translation>
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
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>Open a model folder …</source>
        <translation>Modellordner öffnen …</translation>
    </message>
    <message>
        <source>Open a model folder</source>
        <translation>Modellordner öffnen</translation>
    </message>
    <message>
        <source>Open a recent model</source>
        <translation>Zuletzt geöffnetes Modell</translation>
    </message>
    <message>
        <source>Open a run …</source>
        <translation>Lauf öffnen …</translation>
    </message>
    <message>
        <source>Open a run: a .qvlm or .qvlm.partial folder</source>
        <translation>Lauf öffnen: ein Ordner .qvlm oder .qvlm.partial</translation>
    </message>
    <message>
        <source>Load a partition …</source>
        <translation>Aufteilung laden …</translation>
    </message>
    <message>
        <source>Load a partition</source>
        <translation>Aufteilung laden</translation>
    </message>
    <message>
        <source>Partition (*.json)</source>
        <translation>Aufteilung (*.json)</translation>
    </message>
    <message>
        <source>Save the partition …</source>
        <translation>Aufteilung speichern …</translation>
    </message>
    <message>
        <source>Save the partition</source>
        <translation>Aufteilung speichern</translation>
    </message>
    <message>
        <source>Settings …</source>
        <translation>Einstellungen …</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Thema</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Three things to try</source>
        <translation>Drei Dinge zum Ausprobieren</translation>
    </message>
    <message>
        <source>About Q-VLM Studio</source>
        <translation>Über Q-VLM Studio</translation>
    </message>
    <message>
        <source>None yet</source>
        <translation>Noch keins</translation>
    </message>
    <message>
        <source>A run is going</source>
        <translation>Ein Lauf ist im Gang</translation>
    </message>
    <message>
        <source>Leave it? Finished layers are kept, and the run can be resumed.</source>
        <translation>Verlassen? Fertige Schichten bleiben, und der Lauf kann fortgesetzt werden.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::MessageBubble</name>
    <message>
        <source>Earlier wording</source>
        <translation>Frühere Fassung</translation>
    </message>
    <message>
        <source>Earlier answer</source>
        <translation>Frühere Antwort</translation>
    </message>
    <message>
        <source>Later wording</source>
        <translation>Spätere Fassung</translation>
    </message>
    <message>
        <source>Later answer</source>
        <translation>Spätere Antwort</translation>
    </message>
    <message>
        <source>Copy the question</source>
        <translation>Frage kopieren</translation>
    </message>
    <message>
        <source>Copy the answer</source>
        <translation>Antwort kopieren</translation>
    </message>
    <message>
        <source>Ask this differently</source>
        <translation>Anders fragen</translation>
    </message>
    <message>
        <source>Show tokens and their probabilities</source>
        <translation>Token und ihre Wahrscheinlichkeiten zeigen</translation>
    </message>
    <message>
        <source>Looking …</source>
        <translation>Schaut hin …</translation>
    </message>
    <message>
        <source>You</source>
        <translation>Sie</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problem</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>interrupted</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ModelPage</name>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Open a vision-language model: a Hugging Face folder, a .qvlm folder or a GGUF file</source>
        <translation>Ein Bild-Sprach-Modell öffnen: ein Hugging-Face-Ordner, ein .qvlm-Ordner oder eine GGUF-Datei</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>Chat</translation>
    </message>
    <message>
        <source>Chat with this model</source>
        <translation>Mit diesem Modell chatten</translation>
    </message>
    <message>
        <source>Quantize</source>
        <translation>Quantisieren</translation>
    </message>
    <message>
        <source>Quantize this model</source>
        <translation>Dieses Modell quantisieren</translation>
    </message>
    <message>
        <source>Opening %1 …</source>
        <translation>%1 wird geöffnet …</translation>
    </message>
    <message>
        <source>No model is open</source>
        <translation>Kein Modell offen</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Drop a model folder anywhere on this page, or choose one.</source>
        <translation>Legen Sie einen Modellordner irgendwo auf dieser Seite ab, oder wählen Sie einen.</translation>
    </message>
    <message>
        <source>Open a folder …</source>
        <translation>Ordner öffnen …</translation>
    </message>
    <message>
        <source>Open a model folder</source>
        <translation>Modellordner öffnen</translation>
    </message>
    <message>
        <source>Open the demo model</source>
        <translation>Demo-Modell öffnen</translation>
    </message>
    <message>
        <source>The demo model is not in this installation</source>
        <translation>Das Demo-Modell ist in dieser Installation nicht enthalten</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>Zuletzt</translation>
    </message>
    <message>
        <source>Recent models</source>
        <translation>Zuletzt geöffnete Modelle</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>Überblick</translation>
    </message>
    <message>
        <source>Legal group sizes</source>
        <translation>Zulässige Gruppengrößen</translation>
    </message>
    <message>
        <source>Legal group sizes of the tensors</source>
        <translation>Zulässige Gruppengrößen der Tensoren</translation>
    </message>
    <message>
        <source>What the model sees</source>
        <translation>Was das Modell sieht</translation>
    </message>
    <message>
        <source>The picture</source>
        <translation>Das Bild</translation>
    </message>
    <message>
        <source>The picture as the model sees it</source>
        <translation>Das Bild, wie das Modell es sieht</translation>
    </message>
    <message>
        <source>The file</source>
        <translation>Die Datei</translation>
    </message>
    <message>
        <source>What the model gets</source>
        <translation>Was das Modell bekommt</translation>
    </message>
    <message>
        <source>Another picture …</source>
        <translation>Ein anderes Bild …</translation>
    </message>
    <message>
        <source>Show another picture as the model sees it</source>
        <translation>Ein anderes Bild zeigen, wie das Modell es sieht</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Pictures (%1);;All files (*)</source>
        <translation>Bilder (%1);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Three steps to try</source>
        <translation>Drei Schritte zum Ausprobieren</translation>
    </message>
    <message>
        <source>Tune a vision-language model by eye, then talk to it</source>
        <translation>Ein Bild-Sprach-Modell nach Augenmaß einstellen und dann mit ihm sprechen</translation>
    </message>
    <message>
        <source>Three steps, with the small demo model that comes with the studio. Everything stays on this machine.</source>
        <translation>Drei Schritte mit dem kleinen Demo-Modell, das dabei ist. Alles bleibt auf diesem Rechner.</translation>
    </message>
    <message>
        <source>Ask it about a picture</source>
        <translation>Nach einem Bild fragen</translation>
    </message>
    <message>
        <source>It knows shapes, colours, counts, places and words, and answers in English.</source>
        <translation>Es kennt Formen, Farben, Anzahlen, Orte und Wörter und antwortet auf Englisch.</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>Fragen</translation>
    </message>
    <message>
        <source>Quantize it to 4 bits</source>
        <translation>Auf 4 Bit quantisieren</translation>
    </message>
    <message>
        <source>Watch entropy, blocks and errors as they are measured; drag the blocks&apos; borders.</source>
        <translation>Sehen Sie Entropie, Blöcke und Fehler entstehen; ziehen Sie an den Grenzen der Blöcke.</translation>
    </message>
    <message>
        <source>Compare the two</source>
        <translation>Beide vergleichen</translation>
    </message>
    <message>
        <source>One question to both: see the first token where the answers part.</source>
        <translation>Eine Frage an beide: Sehen Sie das erste Token, an dem sie auseinandergehen.</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Open the demo model first</source>
        <translation>Öffnen Sie zuerst das Demo-Modell</translation>
    </message>
    <message>
        <source>Hide these steps</source>
        <translation>Diese Schritte ausblenden</translation>
    </message>
    <message>
        <source>%1 (quantized)</source>
        <translation>%1 (quantisiert)</translation>
    </message>
    <message>
        <source>Models that you open appear here</source>
        <translation>Geöffnete Modelle erscheinen hier</translation>
    </message>
    <message>
        <source>This model is quantized already</source>
        <translation>Dieses Modell ist schon quantisiert</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>Familie</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Decoder</source>
        <translation>Decoder</translation>
    </message>
    <message>
        <source>%1 layers × %2</source>
        <translation>%1 Schichten × %2</translation>
    </message>
    <message>
        <source>Activation sites</source>
        <translation>Aktivierungsstellen</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>Kontext</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <translation>%1 Token</translation>
    </message>
    <message>
        <source>Vision tower</source>
        <translation>Bildturm</translation>
    </message>
    <message>
        <source>none: text only</source>
        <translation>keiner: nur Text</translation>
    </message>
    <message>
        <source>%1 × %1 px, %2 tokens</source>
        <translation>%1 × %1 px, %2 Token</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Auf der Platte</translation>
    </message>
    <message>
        <source>%1, %2 bits a weight</source>
        <translation>%1, %2 Bit je Gewicht</translation>
    </message>
    <message>
        <source>Choose a picture to see it with the model&apos;s eyes.</source>
        <translation>Wählen Sie ein Bild, um es mit den Augen des Modells zu sehen.</translation>
    </message>
    <message>
        <source>This model takes no pictures.</source>
        <translation>Dieses Modell nimmt keine Bilder.</translation>
    </message>
    <message>
        <source>Reading %1 …</source>
        <translation>%1 wird gelesen …</translation>
    </message>
    <message>
        <source>%1: %2 × %3 pixels, seen as %4 × %5 (%6), %7 tokens</source>
        <translation>%1: %2 × %3 Pixel, gesehen als %4 × %5 (%6), %7 Token</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ModelPicker</name>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Runs on</source>
        <translation>Läuft auf</translation>
    </message>
    <message>
        <source>Vulkan</source>
        <translation>Vulkan</translation>
    </message>
    <message>
        <source>Reference (CPU)</source>
        <translation>Referenz (CPU)</translation>
    </message>
    <message>
        <source>Vulkan: the engine, on any vendor&apos;s GPU. Reference: the exact model on the CPU. As A16: a model with quantized activations runs without quantizing them, and every answer says so.</source>
        <translation>Vulkan: die Engine, auf GPUs aller Hersteller. Referenz: das genaue Modell auf der CPU. Als A16: Ein Modell mit quantisierten Aktivierungen läuft, ohne sie zu quantisieren, und jede Antwort sagt es.</translation>
    </message>
    <message>
        <source>%1 (quantized)</source>
        <translation>%1 (quantisiert)</translation>
    </message>
    <message>
        <source>%1 (full precision)</source>
        <translation>%1 (volle Genauigkeit)</translation>
    </message>
    <message>
        <source>Vulkan, as A16</source>
        <translation>Vulkan, als A16</translation>
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
        <translation>Durchsuchen: %1</translation>
    </message>
    <message>
        <source>Browse</source>
        <translation>Durchsuchen</translation>
    </message>
    <message>
        <source>Quantized model (*.qvlm)</source>
        <translation>Quantisiertes Modell (*.qvlm)</translation>
    </message>
    <message>
        <source>Data sets (*.json *.jsonl);;All files (*)</source>
        <translation>Datensätze (*.json *.jsonl);;Alle Dateien (*)</translation>
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
        <translation>Prozessor</translation>
    </message>
    <message>
        <source>battery</source>
        <translation>Akku</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ProxyPlot</name>
    <message>
        <source>Error difference against a proxy</source>
        <translation>Fehlerdifferenz gegen einen Stellvertreter</translation>
    </message>
    <message>
        <source>Appears when the recipe validates the proxies: choose a number of depths under More</source>
        <translation>Erscheint, wenn das Rezept die Stellvertreter prüft: unter Mehr eine Zahl von Tiefen wählen</translation>
    </message>
    <message>
        <source>R² %1</source>
        <translation>R² %1</translation>
    </message>
    <message>
        <source>A point a calibration sample: the discretization error difference (what searching two sites jointly saves) against the proxy. R²: the share of its variance that the straight line explains.</source>
        <translation>Ein Punkt je Kalibrierprobe: die Diskretisierungsfehlerdifferenz (was die gemeinsame Suche zweier Stellen spart) gegen den Stellvertreter. R²: der Anteil ihrer Streuung, den die Gerade erklärt.</translation>
    </message>
    <message>
        <source>dependency D</source>
        <translation>Abhängigkeit D</translation>
    </message>
    <message>
        <source>entropy H</source>
        <translation>Entropie H</translation>
    </message>
    <message>
        <source>quantization error</source>
        <translation>Quantisierungsfehler</translation>
    </message>
    <message>
        <source>Sites %1 and %2: R² %3 over %4 samples</source>
        <translation>Stellen %1 und %2: R² %3 über %4 Proben</translation>
    </message>
    <message>
        <source>All pairs: R² %1 over %2 points</source>
        <translation>Alle Paare: R² %1 über %2 Punkte</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::QuantizePage</name>
    <message>
        <source>Quantize</source>
        <translation>Quantisieren</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Resume run</source>
        <translation>Lauf fortsetzen</translation>
    </message>
    <message>
        <source>Run again with this partition</source>
        <translation>Mit dieser Aufteilung neu laufen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Cancel the run</source>
        <translation>Lauf abbrechen</translation>
    </message>
    <message>
        <source>%1
Finished layers are kept; the run can be resumed.</source>
        <translation>%1
Fertige Schichten bleiben; der Lauf kann fortgesetzt werden.</translation>
    </message>
    <message>
        <source>%1 is ready: %2, %3 bits a weight</source>
        <translation>%1 ist fertig: %2, %3 Bit je Gewicht</translation>
    </message>
    <message>
        <source>Chat with it</source>
        <translation>Damit chatten</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>Rezept</translation>
    </message>
    <message>
        <source>State of the run</source>
        <translation>Stand des Laufs</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>Fortschritt des Laufs</translation>
    </message>
    <message>
        <source>Blocks</source>
        <translation>Blöcke</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Split the block behind the selected site</source>
        <translation>Den Block hinter der gewählten Stelle teilen</translation>
    </message>
    <message>
        <source>Merge the block with the next one</source>
        <translation>Den Block mit dem nächsten verbinden</translation>
    </message>
    <message>
        <source>Lock or unlock the block</source>
        <translation>Den Block sperren oder freigeben</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Verkleinern</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Selected site</source>
        <translation>Gewählte Stelle</translation>
    </message>
    <message>
        <source>Block error</source>
        <translation>Blockfehler</translation>
    </message>
    <message>
        <source>Entropy map</source>
        <translation>Heatmap</translation>
    </message>
    <message>
        <source>Site</source>
        <translation>Stelle</translation>
    </message>
    <message>
        <source>Load partition</source>
        <translation>Aufteilung laden</translation>
    </message>
    <message>
        <source>A run is going. Another one can be opened when it has ended.</source>
        <translation>Ein Lauf ist im Gang. Ein anderer kann geöffnet werden, wenn er zu Ende ist.</translation>
    </message>
    <message>
        <source>Tuples</source>
        <translation>Tupel</translation>
    </message>
    <message>
        <source>Open a model to see its activation sites</source>
        <translation>Öffnen Sie ein Modell, um seine Aktivierungsstellen zu sehen</translation>
    </message>
    <message>
        <source>Site %1</source>
        <translation>Stelle %1</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Measure dependency, shape the blocks, search each jointly</source>
        <translation>Abhängigkeit messen, Blöcke formen, jeden gemeinsam suchen</translation>
    </message>
    <message>
        <source>Quick preview</source>
        <translation>Schnelle Vorschau</translation>
    </message>
    <message>
        <source>Memory and time, actual and planned</source>
        <translation>Speicher und Zeit, tatsächlich und geplant</translation>
    </message>
    <message>
        <source>Show or hide the recipe: the plots take its place</source>
        <translation>Rezept zeigen oder verbergen: die Diagramme nehmen seinen Platz ein</translation>
    </message>
    <message>
        <source>Colour of the ribbon</source>
        <translation>Farbe des Bandes</translation>
    </message>
    <message>
        <source>What the sites are coloured by</source>
        <translation>Wonach die Stellen gefärbt sind</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>Entropie</translation>
    </message>
    <message>
        <source>Dependency D</source>
        <translation>Abhängigkeit D</translation>
    </message>
    <message>
        <source>Bits</source>
        <translation>Bit</translation>
    </message>
    <message>
        <source>Bits of the block&apos;s weights</source>
        <translation>Bit der Gewichte des Blocks</translation>
    </message>
    <message>
        <source>Follow the search</source>
        <translation>Der Suche folgen</translation>
    </message>
    <message>
        <source>The selection goes with the block being searched, until you select another</source>
        <translation>Die Auswahl geht mit dem gerade gesuchten Block, bis ein anderer gewählt wird</translation>
    </message>
    <message>
        <source>What the partition costs and is predicted to give</source>
        <translation>Was die Aufteilung kostet und voraussichtlich ergibt</translation>
    </message>
    <message>
        <source>DED</source>
        <translation>DED</translation>
    </message>
    <message>
        <source>Discretization error difference against its proxy</source>
        <translation>Diskretisierungsfehlerdifferenz gegen ihren Stellvertreter</translation>
    </message>
    <message>
        <source>Proxy of the scatter plot</source>
        <translation>Stellvertreter des Streudiagramms</translation>
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
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Dependency, entropy, or quantization error of the activations</source>
        <translation>Abhängigkeit, Entropie oder Quantisierungsfehler der Aktivierungen</translation>
    </message>
    <message>
        <source>Add to the recipe&apos;s candidates</source>
        <translation>Zu den Kandidaten des Rezepts</translation>
    </message>
    <message>
        <source>Add %1 to the candidates of the recipe for the next run</source>
        <translation>%1 für den nächsten Lauf zu den Kandidaten des Rezepts hinzufügen</translation>
    </message>
    <message>
        <source>Block %1</source>
        <translation>Block %1</translation>
    </message>
    <message>
        <source>Cost and size are counted. The error is predicted: each block&apos;s by the shares that its sites had in the searched blocks, a quarter for each bit more, and by what joint searches of its depth gained.</source>
        <translation>Kosten und Größe sind gezählt. Der Fehler ist vorhergesagt: der jedes Blocks nach den Anteilen, die seine Stellen in den gesuchten Blöcken hatten, ein Viertel für jedes Bit mehr, und nach dem Gewinn gemeinsamer Suchen seiner Tiefe.</translation>
    </message>
    <message>
        <source>not searched yet</source>
        <translation>noch nicht gesucht</translation>
    </message>
    <message>
        <source>not measured yet</source>
        <translation>noch nicht gemessen</translation>
    </message>
    <message>
        <source>A layer-wise search has one block a site: choose the joint search for a partition of your own</source>
        <translation>Eine schichtweise Suche hat einen Block je Stelle: für eine eigene Aufteilung die gemeinsame Suche wählen</translation>
    </message>
    <message>
        <source>What the edit leaves as it was is taken over; the result is that of a fresh run</source>
        <translation>Was die Änderung unberührt lässt, wird übernommen; das Ergebnis ist das eines frischen Laufs</translation>
    </message>
    <message>
        <source>Searches only the edited blocks, and leaves all others as they are: approximate, and soon there</source>
        <translation>Sucht nur die geänderten Blöcke und lässt alle anderen, wie sie sind: näherungsweise, dafür bald da</translation>
    </message>
    <message>
        <source>Approximate preview: only the edited blocks are searched; all others stand as they were before. %1 Resume the run for the whole result.</source>
        <translation>Näherungsweise Vorschau: nur die geänderten Blöcke sind gesucht; alle anderen stehen wie zuvor. %1 Für das ganze Ergebnis den Lauf fortsetzen.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::QuestionEdit</name>
    <message>
        <source>Question</source>
        <translation>Frage</translation>
    </message>
    <message>
        <source>Ask about a picture</source>
        <translation>Fragen Sie nach einem Bild</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::QuestionTableModel</name>
    <message>
        <source>%1 pictures</source>
        <translation>%1 Bilder</translation>
    </message>
    <message>
        <source>right</source>
        <translation>richtig</translation>
    </message>
    <message>
        <source>wrong</source>
        <translation>falsch</translation>
    </message>
    <message>
        <source>right (other wrong)</source>
        <translation>richtig (anderes falsch)</translation>
    </message>
    <message>
        <source>wrong (other right)</source>
        <translation>falsch (anderes richtig)</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>Urteil</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>Kategorie</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>Frage</translation>
    </message>
    <message>
        <source>Expected</source>
        <translation>Erwartet</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Rail</name>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Quantize</source>
        <translation>Quantisieren</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Evaluate</source>
        <translation>Bewerten</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>Chat</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Export</translation>
    </message>
    <message>
        <source>Workspaces</source>
        <translation>Arbeitsbereiche</translation>
    </message>
    <message>
        <source>%1 (Ctrl+%2)</source>
        <translation>%1 (Strg+%2)</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Thema</translation>
    </message>
    <message>
        <source>Light, dark, high contrast, or as the system has it</source>
        <translation>Hell, dunkel, hoher Kontrast oder wie das System</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RecipeMore</name>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>Tokens count</source>
        <translation>Token zählen</translation>
    </message>
    <message>
        <source>In the losses of weight methods: all the same; picture against text tokens as the answer&apos;s gradient says (MBQ); or each by one over its squared norm, which then counts in the search too.</source>
        <translation>In den Verlusten der Gewichtsmethoden: alle gleich; Bild- gegen Textdaten, wie der Gradient der Antwort sagt (MBQ); oder jedes durch das Quadrat seiner Norm, was dann auch in der Suche zählt.</translation>
    </message>
    <message>
        <source>the same</source>
        <translation>gleich</translation>
    </message>
    <message>
        <source>by modality</source>
        <translation>nach Modalität</translation>
    </message>
    <message>
        <source>relative</source>
        <translation>relativ</translation>
    </message>
    <message>
        <source>Residual rank</source>
        <translation>Rang des Rests</translation>
    </message>
    <message>
        <source>Of a low-rank correction behind each matrix; 0: none</source>
        <translation>Einer Korrektur niedrigen Rangs hinter jeder Matrix; 0: keine</translation>
    </message>
    <message>
        <source>Symmetric grid</source>
        <translation>Symmetrisches Raster</translation>
    </message>
    <message>
        <source>No zero points: what GGUF&apos;s Q4_0 holds exactly</source>
        <translation>Ohne Nullpunkte: was Q4_0 in GGUF exakt fasst</translation>
    </message>
    <message>
        <source>Validated pull</source>
        <translation>Geprüfter Zug</translation>
    </message>
    <message>
        <source>GPTAQ: how far the float path is followed is checked, site by site, on samples that it was not measured on</source>
        <translation>GPTAQ: wie weit dem Gleitkommapfad gefolgt wird, wird Stelle für Stelle an Proben geprüft, an denen es nicht gemessen wurde</translation>
    </message>
    <message>
        <source>Pull (alpha)</source>
        <translation>Zug (Alpha)</translation>
    </message>
    <message>
        <source>GPTAQ: how far the float path&apos;s inputs are followed; 0 is GPTQ</source>
        <translation>GPTAQ: wie weit den Eingaben des Gleitkommapfads gefolgt wird; 0 ist GPTQ</translation>
    </message>
    <message>
        <source>Damping</source>
        <translation>Dämpfung</translation>
    </message>
    <message>
        <source>GPTQ, GPTAQ: of the Hessian&apos;s mean diagonal, added to it</source>
        <translation>GPTQ, GPTAQ: Anteil der mittleren Diagonale der Hesse-Matrix, der zu ihr addiert wird</translation>
    </message>
    <message>
        <source>AWQ clips</source>
        <translation>AWQ kappt</translation>
    </message>
    <message>
        <source>AWQ: clamp outliers after scaling</source>
        <translation>AWQ: Ausreißer nach dem Skalieren kappen</translation>
    </message>
    <message>
        <source>AWQ duo</source>
        <translation>AWQ duo</translation>
    </message>
    <message>
        <source>AWQ: scales are divided by the weights&apos; own magnitude too</source>
        <translation>AWQ: die Skalen werden auch durch die Größe der Gewichte selbst geteilt</translation>
    </message>
    <message>
        <source>Iterations</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>AutoRound: steps a layer</source>
        <translation>AutoRound: Schritte je Schicht</translation>
    </message>
    <message>
        <source>Transform epochs</source>
        <translation>Epochen der Transformationen</translation>
    </message>
    <message>
        <source>Learned transforms: passes over the calibration set a layer</source>
        <translation>Gelernte Transformationen: Durchgänge durch den Kalibriersatz je Schicht</translation>
    </message>
    <message>
        <source>Budget, MB</source>
        <translation>Budget, MB</translation>
    </message>
    <message>
        <source>Mixed precision by the size of the decoder&apos;s linears, in place of bits a weight; 0: none</source>
        <translation>Gemischte Präzision nach der Größe der linearen Schichten des Decoders statt nach Bit je Gewicht; 0: keine</translation>
    </message>
    <message>
        <source>Budget&apos;s losses</source>
        <translation>Verluste des Budgets</translation>
    </message>
    <message>
        <source>Of a block at each width: modelled from one measured width, or measured at each</source>
        <translation>Eines Blocks bei jeder Breite: aus einer gemessenen Breite modelliert, oder bei jeder gemessen</translation>
    </message>
    <message>
        <source>modelled</source>
        <translation>modelliert</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>gemessen</translation>
    </message>
    <message>
        <source>Partition</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>Regel</translation>
    </message>
    <message>
        <source>Blocks grow greedily (Q-VLM Eq. 7), or the best partition of all</source>
        <translation>Blöcke wachsen gierig (Q-VLM Gl. 7), oder die beste Aufteilung von allen</translation>
    </message>
    <message>
        <source>greedy</source>
        <translation>gierig</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>exakt</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Nach</translation>
    </message>
    <message>
        <source>What a pair of neighbouring sites is scored by</source>
        <translation>Wonach ein Paar benachbarter Stellen bewertet wird</translation>
    </message>
    <message>
        <source>dependency</source>
        <translation>Abhängigkeit</translation>
    </message>
    <message>
        <source>entropy</source>
        <translation>Entropie</translation>
    </message>
    <message>
        <source>activation error</source>
        <translation>Aktivierungsfehler</translation>
    </message>
    <message>
        <source>Hessian error</source>
        <translation>Hesse-Fehler</translation>
    </message>
    <message>
        <source>Greatest depth</source>
        <translation>Größte Tiefe</translation>
    </message>
    <message>
        <source>Sites a block holds at most</source>
        <translation>So viele Stellen hat ein Block höchstens</translation>
    </message>
    <message>
        <source>h₀ quantile</source>
        <translation>h₀-Quantil</translation>
    </message>
    <message>
        <source>The threshold as a quantile of the scores; 0: their mean</source>
        <translation>Die Schwelle als Quantil der Bewertungen; 0: ihr Mittel</translation>
    </message>
    <message>
        <source>h₀</source>
        <translation>h₀</translation>
    </message>
    <message>
        <source>The threshold itself; 0: as the quantile, or the mean, says</source>
        <translation>Die Schwelle selbst; 0: wie das Quantil oder das Mittel sagt</translation>
    </message>
    <message>
        <source>Validate at depths</source>
        <translation>Prüfen in Tiefen</translation>
    </message>
    <message>
        <source>At so many depths the proxies are compared with the discretization error difference that they stand for: the scatter plot with R²</source>
        <translation>In so vielen Tiefen werden die Stellvertreter mit der Diskretisierungsfehlerdifferenz verglichen, für die sie stehen: das Streudiagramm mit R²</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suche</translation>
    </message>
    <message>
        <source>Search samples</source>
        <translation>Suchproben</translation>
    </message>
    <message>
        <source>Tuples are scored on these; the best again on all samples</source>
        <translation>Tupel werden an diesen bewertet; die besten noch einmal an allen Proben</translation>
    </message>
    <message>
        <source>Rescored</source>
        <translation>Neu bewertet</translation>
    </message>
    <message>
        <source>Tuples that are scored again on all samples</source>
        <translation>Tupel, die an allen Proben noch einmal bewertet werden</translation>
    </message>
    <message>
        <source>Refine bounds</source>
        <translation>Grenzen verfeinern</translation>
    </message>
    <message>
        <source>Of quantized activations, behind a block&apos;s search, on its own output error</source>
        <translation>Quantisierter Aktivierungen, nach der Suche eines Blocks, an seinem eigenen Ausgabefehler</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>by coordinates</source>
        <translation>koordinatenweise</translation>
    </message>
    <message>
        <source>by gradient</source>
        <translation>nach Gradient</translation>
    </message>
    <message>
        <source>Channels a group</source>
        <translation>Kanäle je Gruppe</translation>
    </message>
    <message>
        <source>Of activations quantized per group</source>
        <translation>Bei gruppenweise quantisierten Aktivierungen</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>Of the samples that are drawn and of random signs</source>
        <translation>Der gezogenen Proben und zufälligen Vorzeichen</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>0: all. The same number gives the same result</source>
        <translation>0: alle. Die gleiche Zahl gibt das gleiche Ergebnis</translation>
    </message>
    <message>
        <source>as the range means</source>
        <translation>wie der Bereich sagt</translation>
    </message>
    <message>
        <source>Candidates</source>
        <translation>Kandidaten</translation>
    </message>
    <message>
        <source>Clip ratios or percentiles that the search tries, from 1 downwards, parted by spaces</source>
        <translation>Kappverhältnisse oder Perzentile, die die Suche versucht, von 1 abwärts, durch Leerzeichen getrennt</translation>
    </message>
    <message>
        <source>Vision tower</source>
        <translation>Bildturm</translation>
    </message>
    <message>
        <source>Of the tower. 8: a scale a row. 4 saves little and costs accuracy.</source>
        <translation>Des Turms. 8: eine Skala je Zeile. 4 spart wenig und kostet Genauigkeit.</translation>
    </message>
    <message>
        <source>16 bits</source>
        <translation>16 Bit</translation>
    </message>
    <message>
        <source>8 bits</source>
        <translation>8 Bit</translation>
    </message>
    <message>
        <source>4 bits</source>
        <translation>4 Bit</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>Of the tower</source>
        <translation>Des Turms</translation>
    </message>
    <message>
        <source>6 bits</source>
        <translation>6 Bit</translation>
    </message>
    <message>
        <source>Projector</source>
        <translation>Projektor</translation>
    </message>
    <message>
        <source>Weights of what joins tower and decoder</source>
        <translation>Gewichte dessen, was Turm und Decoder verbindet</translation>
    </message>
    <message>
        <source>Optimise the tower</source>
        <translation>Turm optimieren</translation>
    </message>
    <message>
        <source>By gradient, so that it goes well with the quantized decoder (Q-VLM Eq. 8 to 10)</source>
        <translation>Nach Gradient, damit er gut zum quantisierten Decoder passt (Q-VLM Gl. 8 bis 10)</translation>
    </message>
    <message>
        <source>Epochs</source>
        <translation>Epochen</translation>
    </message>
    <message>
        <source>Of the tower&apos;s optimisation</source>
        <translation>Der Optimierung des Turms</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RecipePanel</name>
    <message>
        <source>Own</source>
        <translation>Eigene</translation>
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
        <translation>4 Bit</translation>
    </message>
    <message>
        <source>3 bits</source>
        <translation>3 Bit</translation>
    </message>
    <message>
        <source>5 bits</source>
        <translation>5 Bit</translation>
    </message>
    <message>
        <source>6 bits</source>
        <translation>6 Bit</translation>
    </message>
    <message>
        <source>8 bits</source>
        <translation>8 Bit</translation>
    </message>
    <message>
        <source>2 bits</source>
        <translation>2 Bit</translation>
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
        <translation>ganze Zeile</translation>
    </message>
    <message>
        <source>16 bits</source>
        <translation>16 Bit</translation>
    </message>
    <message>
        <source>per token</source>
        <translation>je Token</translation>
    </message>
    <message>
        <source>per group</source>
        <translation>je Gruppe</translation>
    </message>
    <message>
        <source>static</source>
        <translation>statisch</translation>
    </message>
    <message>
        <source>per channel</source>
        <translation>je Kanal</translation>
    </message>
    <message>
        <source>How the range of quantized activations is found: for each token, each group of channels, or once from the calibration set, for a site or (folded into the weights) for each of its channels.</source>
        <translation>Wie der Bereich quantisierter Aktivierungen gefunden wird: für jedes Token, jede Gruppe von Kanälen, oder einmal aus der Kalibriersammlung, für eine Stelle oder (in die Gewichte gefaltet) für jeden ihrer Kanäle.</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Norms folded</source>
        <translation>Normen gefaltet</translation>
    </message>
    <message>
        <source>R1, R2 (folded)</source>
        <translation>R1, R2 (gefaltet)</translation>
    </message>
    <message>
        <source>R1, R2, R4 (online)</source>
        <translation>R1, R2, R4 (online)</translation>
    </message>
    <message>
        <source>Turns the model before it is quantized without changing its function. R4 is applied while the model runs. Principal axes, which are measured, go with learned transforms.</source>
        <translation>Dreht das Modell vor dem Quantisieren, ohne seine Funktion zu ändern. R4 wird beim Ausführen angewandt. Hauptachsen, die gemessen werden, gehören zu gelernten Transformationen.</translation>
    </message>
    <message>
        <source>Learned</source>
        <translation>Gelernt</translation>
    </message>
    <message>
        <source>Learns an invertible transform of what each site reads, and clip bounds, layer by layer: the strongest mode for 4-bit activations. It is applied while the model runs; other programs cannot read such a model.</source>
        <translation>Lernt Schicht für Schicht eine umkehrbare Transformation dessen, was jede Stelle liest, und Kappgrenzen: die stärkste Art für 4-Bit-Aktivierungen. Sie wird beim Ausführen angewandt; andere Programme können ein solches Modell nicht lesen.</translation>
    </message>
    <message>
        <source>Image-text pairs taken from the calibration set</source>
        <translation>Bild-Text-Paare aus der Kalibriersammlung</translation>
    </message>
    <message>
        <source>Mixed precision: bits a weight, with scales and zeros. Each block gets 3, 4, 5, 6 or 8 bits within it; blocks that you have given bits keep them.</source>
        <translation>Gemischte Genauigkeit: Bit je Gewicht, mit Skalen und Nullpunkten. Jeder Block bekommt darin 3, 4, 5, 6 oder 8 Bit; Blöcke, denen Sie Bit gegeben haben, behalten sie.</translation>
    </message>
    <message>
        <source>Calibration set</source>
        <translation>Kalibriersammlung</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>Ausgabe</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Vorgabe</translation>
    </message>
    <message>
        <source>Weight method</source>
        <translation>Gewichtsverfahren</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>Group</source>
        <translation>Gruppe</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Proben</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>Range</source>
        <translation>Bereich</translation>
    </message>
    <message>
        <source>Rotation</source>
        <translation>Drehung</translation>
    </message>
    <message>
        <source>Transforms</source>
        <translation>Transformationen</translation>
    </message>
    <message>
        <source>Bits a weight</source>
        <translation>Bit je Gewicht</translation>
    </message>
    <message>
        <source>What does not fit</source>
        <translation>Was nicht passt</translation>
    </message>
    <message>
        <source>Notes on the recipe</source>
        <translation>Hinweise zum Rezept</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>Every other key of the recipe</source>
        <translation>Jeder weitere Schlüssel des Rezepts</translation>
    </message>
    <message>
        <source>Joint in each block</source>
        <translation>Gemeinsam je Block</translation>
    </message>
    <message>
        <source>Layer-wise, by site</source>
        <translation>Jede Stelle für sich</translation>
    </message>
    <message>
        <source>Principal axes</source>
        <translation>Hauptachsen</translation>
    </message>
    <message>
        <source>Search</source>
        <comment>noun</comment>
        <translation>Suche</translation>
    </message>
    <message>
        <source>OPT-RTN</source>
        <translation>OPT-RTN</translation>
    </message>
    <message>
        <source>RTN: round to nearest. OPT-RTN: with each group&apos;s scale by what its inputs weigh. AWQ: scale channels by their activations first. GPTQ and GPTAQ: later columns make good the error of earlier ones. NF4 runs on the reference only.</source>
        <translation>RTN: zum nächsten Wert runden. OPT-RTN: mit der Skala jeder Gruppe danach, was ihre Eingänge wiegen. AWQ: vorher Kanäle nach ihren Aktivierungen skalieren. GPTQ und GPTAQ: spätere Spalten machen den Fehler früherer gut. NF4 läuft nur auf der Referenz.</translation>
    </message>
    <message>
        <source>What the run would take</source>
        <translation>Was der Lauf brauchen würde</translation>
    </message>
    <message>
        <source>Counted for this machine before the run: its time on processors that nobody else uses, and its peak memory</source>
        <translation>Vor dem Lauf für diesen Rechner gezählt: seine Zeit auf Prozessoren, die sonst niemand benutzt, und sein höchster Speicherbedarf</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ResultChild</name>
    <message>
        <source>The command&apos;s result could not be read: %1</source>
        <translation>Das Ergebnis des Befehls war nicht lesbar: %1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RibbonModel</name>
    <message>
        <source>Move border</source>
        <translation>Grenze verschieben</translation>
    </message>
    <message>
        <source>Split block</source>
        <translation>Block teilen</translation>
    </message>
    <message>
        <source>Merge blocks</source>
        <translation>Blöcke verbinden</translation>
    </message>
    <message>
        <source>Lock block</source>
        <translation>Block sperren</translation>
    </message>
    <message>
        <source>Unlock block</source>
        <translation>Block freigeben</translation>
    </message>
    <message>
        <source>attention input</source>
        <translation>Eingang der Attention</translation>
    </message>
    <message>
        <source>output input</source>
        <translation>Eingang der Ausgabe</translation>
    </message>
    <message>
        <source>MLP input</source>
        <translation>Eingang des MLP</translation>
    </message>
    <message>
        <source>down input</source>
        <translation>Eingang von down</translation>
    </message>
    <message>
        <source>Layer %1, %2</source>
        <translation>Schicht %1, %2</translation>
    </message>
    <message>
        <source>%1 (site %2)</source>
        <translation>%1 (Stelle %2)</translation>
    </message>
    <message>
        <source>Entropy %1</source>
        <translation>Entropie %1</translation>
    </message>
    <message>
        <source>Dependency on the next site %1</source>
        <translation>Abhängigkeit von der nächsten Stelle %1</translation>
    </message>
    <message>
        <source>Block %1: site %2</source>
        <translation>Block %1: Stelle %2</translation>
    </message>
    <message>
        <source>Block %1: sites %2 to %3</source>
        <translation>Block %1: Stellen %2 bis %3</translation>
    </message>
    <message>
        <source>, locked</source>
        <translation>, gesperrt</translation>
    </message>
    <message>
        <source>Error layer-wise %1, joint %2</source>
        <translation>Fehler stellenweise %1, gemeinsam %2</translation>
    </message>
    <message>
        <source>Search has no effect here</source>
        <translation>Suchen bewirkt hier nichts</translation>
    </message>
    <message>
        <source>Being searched</source>
        <translation>Wird gerade gesucht</translation>
    </message>
    <message>
        <source>Edited: will be searched again</source>
        <translation>Geändert: wird neu gesucht</translation>
    </message>
    <message>
        <source>Affected by an edit before it</source>
        <translation>Von einer Änderung davor betroffen</translation>
    </message>
    <message>
        <source>%1 edited, %2 affected</source>
        <translation>%1 geändert, %2 betroffen</translation>
    </message>
    <message>
        <source>Set bits</source>
        <translation>Bit setzen</translation>
    </message>
    <message>
        <source>, %1 bits</source>
        <translation>, %1 Bit</translation>
    </message>
    <message>
        <source>Taken over: its input did not change</source>
        <translation>Übernommen: seine Eingabe hat sich nicht geändert</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RibbonView</name>
    <message>
        <source>This border cannot move: blocks have 1 to 3 sites, and locked ones stay</source>
        <translation>Diese Grenze kann sich nicht bewegen: Blöcke haben 1 bis 3 Stellen, und gesperrte bleiben</translation>
    </message>
    <message>
        <source>Block %1 ends at site %2</source>
        <translation>Block %1 endet an Stelle %2</translation>
    </message>
    <message>
        <source>Block</source>
        <translation>Block</translation>
    </message>
    <message>
        <source>Split behind this site	S</source>
        <translation>Hinter dieser Stelle teilen	S</translation>
    </message>
    <message>
        <source>Merge with the next block	M</source>
        <translation>Mit dem nächsten Block verbinden	M</translation>
    </message>
    <message>
        <source>Unlock	L</source>
        <translation>Freigeben	L</translation>
    </message>
    <message>
        <source>Lock	L</source>
        <translation>Sperren	L</translation>
    </message>
    <message>
        <source>Undo	Ctrl+Z</source>
        <translation>Rückgängig	Strg+Z</translation>
    </message>
    <message>
        <source>Redo	Ctrl+Shift+Z</source>
        <translation>Wiederholen	Strg+Umschalt+Z</translation>
    </message>
    <message>
        <source>Drag to move the border; double click to merge the two blocks</source>
        <translation>Ziehen verschiebt die Grenze; Doppelklick verbindet die beiden Blöcke</translation>
    </message>
    <message>
        <source>Block ribbon</source>
        <translation>Blockband</translation>
    </message>
    <message>
        <source>Layer %1</source>
        <translation>Schicht %1</translation>
    </message>
    <message>
        <source>The sites of the model appear here once it is open.</source>
        <translation>Die Stellen des Modells erscheinen hier, sobald es offen ist.</translation>
    </message>
    <message>
        <source>Bits of its weights</source>
        <translation>Bit seiner Gewichte</translation>
    </message>
    <message>
        <source>As the recipe says</source>
        <translation>Wie das Rezept sagt</translation>
    </message>
    <message>
        <source>&amp;%1 bits</source>
        <translation>&amp;%1 Bit</translation>
    </message>
    <message>
        <source>Bits of the block&apos;s weights</source>
        <translation>Bit der Gewichte des Blocks</translation>
    </message>
    <message>
        <source>Activation sites in order, in blocks. Arrow keys select a site, S splits the block behind it, M merges with the next block, L locks, B gives bits, Control with arrows moves the block&apos;s border, plus, minus and zero zoom.</source>
        <translation>Aktivierungsstellen der Reihe nach, in Blöcken. Pfeiltasten wählen eine Stelle, S teilt den Block hinter ihr, M verbindet mit dem nächsten Block, L sperrt, B gibt Bit, Strg mit Pfeilen bewegt die Grenze des Blocks, Plus, Minus und Null zoomen.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunController</name>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 min %2 s</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 h %2 min</translation>
    </message>
    <message>
        <source>The run ended without a result.</source>
        <translation>Der Lauf endete ohne Ergebnis.</translation>
    </message>
    <message>
        <source>Starting: opening the model</source>
        <translation>Beginn: Das Modell wird geöffnet</translation>
    </message>
    <message>
        <source>Cancelling after the current step; finished layers are kept</source>
        <translation>Bricht nach dem laufenden Schritt ab; fertige Schichten bleiben</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source> (%1 of %2)</source>
        <translation> (%1 von %2)</translation>
    </message>
    <message>
        <source>Measuring the principal axes</source>
        <translation>Hauptachsen werden gemessen</translation>
    </message>
    <message>
        <source>Quantizing the vision tower</source>
        <translation>Der Bildturm wird quantisiert</translation>
    </message>
    <message>
        <source>Optimising the vision tower</source>
        <translation>Der Bildturm wird optimiert</translation>
    </message>
    <message>
        <source>Encoding the pictures</source>
        <translation>Bilder werden kodiert</translation>
    </message>
    <message>
        <source>Measuring activations</source>
        <translation>Aktivierungen werden gemessen</translation>
    </message>
    <message>
        <source>Measuring entropy and dependency</source>
        <translation>Entropie und Abhängigkeit werden gemessen</translation>
    </message>
    <message>
        <source>Partitioning the sites into blocks</source>
        <translation>Stellen werden in Blöcke geteilt</translation>
    </message>
    <message>
        <source>Measuring what bits the blocks need</source>
        <translation>Gemessen wird, wie viele Bit die Blöcke brauchen</translation>
    </message>
    <message>
        <source>Searching blocks (%1 of %2 done)</source>
        <translation>Blöcke werden gesucht (%1 von %2 fertig)</translation>
    </message>
    <message>
        <source>Writing the quantized model</source>
        <translation>Das quantisierte Modell wird geschrieben</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Finished in %1</source>
        <translation>Fertig in %1</translation>
    </message>
    <message>
        <source>Cancelled; the finished part is kept</source>
        <translation>Abgebrochen; der fertige Teil bleibt</translation>
    </message>
    <message>
        <source>Stopped by an error</source>
        <translation>Durch einen Fehler angehalten</translation>
    </message>
    <message>
        <source>Unfinished</source>
        <translation>Unfertig</translation>
    </message>
    <message>
        <source>about %1 left</source>
        <translation>noch etwa %1</translation>
    </message>
    <message>
        <source>Error of what changed (blocks: %1): %2 → %3 (%4 %).</source>
        <translation>Fehler des Geänderten (Blöcke: %1): %2 → %3 (%4 %).</translation>
    </message>
    <message>
        <source>Memory %1 of %2 planned</source>
        <translation>Speicher %1 von geplanten %2</translation>
    </message>
    <message>
        <source>Memory %1</source>
        <translation>Speicher %1</translation>
    </message>
    <message>
        <source>Memory %1 planned</source>
        <translation>Speicher %1 geplant</translation>
    </message>
    <message>
        <source>%1 of %2 planned</source>
        <translation>%1 von geplanten %2</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunFigures</name>
    <message>
        <source>State</source>
        <translation>Stand</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>Rezept</translation>
    </message>
    <message>
        <source>Calibration pairs</source>
        <translation>Kalibrierpaare</translation>
    </message>
    <message>
        <source>Partition</source>
        <translation>Aufteilung</translation>
    </message>
    <message>
        <source>%1 blocks, %2</source>
        <translation>%1 Blöcke, %2</translation>
    </message>
    <message>
        <source>Error, layer-wise</source>
        <translation>Fehler, stellenweise</translation>
    </message>
    <message>
        <source>Error, joint</source>
        <translation>Fehler, gemeinsam</translation>
    </message>
    <message>
        <source>Error, last layer</source>
        <translation>Fehler, letzte Schicht</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>not evaluated</source>
        <translation>nicht bewertet</translation>
    </message>
    <message>
        <source>Bits a weight</source>
        <translation>Bit je Gewicht</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Search cost, site forwards</source>
        <translation>Suchaufwand, Stellendurchläufe</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Peak memory</source>
        <translation>Höchster Speicherbedarf</translation>
    </message>
    <message>
        <source>The best of these</source>
        <translation>Das Beste von diesen</translation>
    </message>
    <message>
        <source>Figure</source>
        <translation>Kennzahl</translation>
    </message>
    <message>
        <source>Error, mean over layers</source>
        <translation>Fehler, Mittel der Schichten</translation>
    </message>
    <message>
        <source>Error, token by token</source>
        <translation>Fehler, Token für Token</translation>
    </message>
    <message>
        <source>Decoding speed</source>
        <translation>Dekodiertempo</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
    <message>
        <source>Recipe: %1</source>
        <translation>Rezept: %1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunLibrary</name>
    <message>
        <source>cannot be read</source>
        <translation>nicht lesbar</translation>
    </message>
    <message>
        <source>finished</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>unfinished</source>
        <translation>unfertig</translation>
    </message>
    <message>
        <source>g%1</source>
        <translation>g%1</translation>
    </message>
    <message>
        <source>row</source>
        <translation>Zeile</translation>
    </message>
    <message>
        <source>W%1 %2 %3, A%4, %5</source>
        <translation>W%1 %2 %3, A%4, %5</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Stand</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>Rezept</translation>
    </message>
    <message>
        <source>Joint error</source>
        <translation>Gemeinsamer Fehler</translation>
    </message>
    <message>
        <source>Bits</source>
        <translation>Bit</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Last change</source>
        <translation>Zuletzt geändert</translation>
    </message>
    <message>
        <source>Run</source>
        <comment>noun</comment>
        <translation>Lauf</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunPlanner</name>
    <message>
        <source>Planned: %1, %2 of memory</source>
        <translation>Geplant: %1, %2 Speicher</translation>
    </message>
    <message>
        <source>Would be refused: %1</source>
        <translation>Würde abgelehnt: %1</translation>
    </message>
    <message>
        <source>Planning …</source>
        <translation>Wird geplant …</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunPlot</name>
    <message>
        <source>Legend</source>
        <translation>Legende</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunsErrorPlot</name>
    <message>
        <source>Joint error over the sites, by run</source>
        <translation>Gemeinsamer Fehler über die Stellen, nach Lauf</translation>
    </message>
    <message>
        <source>Select runs whose blocks were searched</source>
        <translation>Wählen Sie Läufe, deren Blöcke gesucht wurden</translation>
    </message>
    <message>
        <source>site</source>
        <translation>Stelle</translation>
    </message>
    <message>
        <source>Relative output error of each block after the joint search, drawn over the sites it holds.</source>
        <translation>Relativer Ausgabefehler jedes Blocks nach der gemeinsamen Suche, über seinen Stellen gezeichnet.</translation>
    </message>
    <message>
        <source>Runs drawn: %1</source>
        <translation>Gezeichnete Läufe: %1</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::RunsPage</name>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Copy the recipe</source>
        <translation>Rezept übernehmen</translation>
    </message>
    <message>
        <source>Into workspace Quantize, for a new run</source>
        <translation>In den Arbeitsbereich Quantisieren, für einen neuen Lauf</translation>
    </message>
    <message>
        <source>Open in Quantize</source>
        <translation>In Quantisieren öffnen</translation>
    </message>
    <message>
        <source>With all plots; an unfinished run can be resumed there</source>
        <translation>Mit allen Diagrammen; ein unfertiger Lauf kann dort fortgesetzt werden</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Nebeneinander</translation>
    </message>
    <message>
        <source>Figures of the selected runs</source>
        <translation>Kennzahlen der gewählten Läufe</translation>
    </message>
    <message>
        <source>Joint error by site</source>
        <translation>Fehler je Stelle</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>Kennzahlen</translation>
    </message>
    <message>
        <source>Select two or three to see them side by side</source>
        <translation>Zwei oder drei wählen, um sie nebeneinander zu sehen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Goes on where the run was broken off</source>
        <translation>Geht dort weiter, wo der Lauf abgebrochen wurde</translation>
    </message>
    <message>
        <source>Measure speed</source>
        <translation>Tempo messen</translation>
    </message>
    <message>
        <source>Decodes 32 tokens with each selected model, one after another</source>
        <translation>Dekodiert 32 Token mit jedem gewählten Modell, eins nach dem anderen</translation>
    </message>
    <message>
        <source>Copy the figures</source>
        <translation>Zahlen kopieren</translation>
    </message>
    <message>
        <source>Copy the figures as a table</source>
        <translation>Die Zahlen als Tabelle kopieren</translation>
    </message>
    <message>
        <source>Measuring …</source>
        <translation>Wird gemessen …</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ScaleBar</name>
    <message>
        <source>From %1 to %2</source>
        <translation>Von %1 bis %2</translation>
    </message>
    <message>
        <source>Colour scale of the ribbon</source>
        <translation>Farbskala des Bandes</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ScreenshotPicker</name>
    <message>
        <source>Picture of the screen</source>
        <translation>Bild des Bildschirms</translation>
    </message>
    <message>
        <source>Draw a rectangle with the mouse. Enter takes the whole screen, Escape nothing.</source>
        <translation>Ziehen Sie mit der Maus ein Rechteck. Eingabe nimmt den ganzen Bildschirm, Esc nichts.</translation>
    </message>
    <message>
        <source>Draw a rectangle. Enter takes all, Escape nothing.</source>
        <translation>Ziehen Sie ein Rechteck. Eingabe nimmt alles, Esc nichts.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::SeenStrip</name>
    <message>
        <source>What the model sees</source>
        <translation>Was das Modell sieht</translation>
    </message>
    <message>
        <source>How pictures are fitted</source>
        <translation>Wie Bilder eingepasst werden</translation>
    </message>
    <message>
        <source>The model looks at a square. Cropping loses the edges, padding shrinks the picture; answers may differ from how the model was trained.</source>
        <translation>Das Modell sieht ein Quadrat. Zuschneiden verliert die Ränder, Auffüllen verkleinert das Bild; Antworten können anders ausfallen als beim Training.</translation>
    </message>
    <message>
        <source>Fitted as trained</source>
        <translation>Wie trainiert</translation>
    </message>
    <message>
        <source>Cropped</source>
        <translation>Zugeschnitten</translation>
    </message>
    <message>
        <source>Padded</source>
        <translation>Aufgefüllt</translation>
    </message>
    <message>
        <source>%1 as the model sees it</source>
        <translation>%1, wie das Modell es sieht</translation>
    </message>
    <message>
        <source>Reading %1 …</source>
        <translation>%1 wird gelesen …</translation>
    </message>
    <message>
        <source>%1: %2 × %3 pixels
seen as %4 × %5, %6</source>
        <translation>%1: %2 × %3 Pixel
gesehen als %4 × %5, %6</translation>
    </message>
    <message>
        <source>padded</source>
        <translation>aufgefüllt</translation>
    </message>
    <message>
        <source>cropped at the centre</source>
        <translation>mittig zugeschnitten</translation>
    </message>
    <message>
        <source>; 1 tile, %1 tokens</source>
        <translation>; 1 Kachel, %1 Token</translation>
    </message>
    <message>
        <source>; the first of %1 frames</source>
        <translation>; das erste von %1 Bildern</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::SettingsDialog</name>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>Hoher Kontrast</translation>
    </message>
    <message>
        <source>The language changes when the window is made anew. A run that is going is asked about first.</source>
        <translation>Die Sprache wechselt, wenn das Fenster neu aufgebaut wird. Nach einem laufenden Lauf wird vorher gefragt.</translation>
    </message>
    <message>
        <source>Measure the bandwidth</source>
        <translation>Bandbreite messen</translation>
    </message>
    <message>
        <source>Make the window anew</source>
        <translation>Fenster neu aufbauen</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Thema</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>Textgröße</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Vulkan device</source>
        <translation>Vulkan-Gerät</translation>
    </message>
    <message>
        <source>Measure the read bandwidth of every device</source>
        <translation>Lesebandbreite jedes Geräts messen</translation>
    </message>
    <message>
        <source>Reading the weights is what decoding waits for: bandwidth over their size is the most tokens/s there can be.</source>
        <translation>Beim Dekodieren wird auf das Lesen der Gewichte gewartet: Bandbreite durch ihre Größe ist das Meiste, was an Token/s möglich ist.</translation>
    </message>
    <message>
        <source>Chats, pictures and quantized models are kept in %1</source>
        <translation>Chats, Bilder und quantisierte Modelle liegen in %1</translation>
    </message>
    <message>
        <source>Where data is kept</source>
        <translation>Wo die Daten liegen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>The first that can be used</source>
        <translation>Das erste brauchbare</translation>
    </message>
    <message>
        <source>%1 cannot be used: %2</source>
        <translation>%1 ist nicht brauchbar: %2</translation>
    </message>
    <message>
        <source>%1, reads %2 GB/s</source>
        <translation>%1, liest %2 GB/s</translation>
    </message>
    <message>
        <source>%1: %2, %3 of memory</source>
        <translation>%1: %2, %3 Speicher</translation>
    </message>
    <message>
        <source>%1 (not found)</source>
        <translation>%1 (nicht gefunden)</translation>
    </message>
    <message>
        <source>Looking for devices …</source>
        <translation>Geräte werden gesucht …</translation>
    </message>
    <message>
        <source>Measuring …</source>
        <translation>Wird gemessen …</translation>
    </message>
    <message>
        <source>No Vulkan device was found. Models run on the reference (CPU).</source>
        <translation>Kein Vulkan-Gerät gefunden. Modelle laufen mit der Referenz (CPU).</translation>
    </message>
    <message>
        <source>Takes effect with the next model that is loaded.</source>
        <translation>Gilt ab dem nächsten Modell, das geladen wird.</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::ShortcutSheet</name>
    <message>
        <source>Everywhere</source>
        <translation>Überall</translation>
    </message>
    <message>
        <source>The next control; with Shift the one before</source>
        <translation>Das nächste Bedienelement; mit Umschalt das vorige</translation>
    </message>
    <message>
        <source>Block ribbon</source>
        <translation>Blockband</translation>
    </message>
    <message>
        <source>Select a site</source>
        <translation>Eine Stelle wählen</translation>
    </message>
    <message>
        <source>The first or the last site</source>
        <translation>Die erste oder die letzte Stelle</translation>
    </message>
    <message>
        <source>Move the block&apos;s border</source>
        <translation>Die Grenze des Blocks verschieben</translation>
    </message>
    <message>
        <source>Split the block behind the selected site</source>
        <translation>Den Block hinter der gewählten Stelle teilen</translation>
    </message>
    <message>
        <source>Merge the block with the next one</source>
        <translation>Den Block mit dem nächsten verbinden</translation>
    </message>
    <message>
        <source>Lock or unlock the block</source>
        <translation>Den Block sperren oder freigeben</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Zoom in or out</source>
        <translation>Vergrößern oder verkleinern</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>Chat</translation>
    </message>
    <message>
        <source>Send the question</source>
        <translation>Die Frage senden</translation>
    </message>
    <message>
        <source>A new line</source>
        <translation>Eine neue Zeile</translation>
    </message>
    <message>
        <source>Paste text, a picture or picture files</source>
        <translation>Text, ein Bild oder Bilddateien einfügen</translation>
    </message>
    <message>
        <source>Attach pictures</source>
        <translation>Bilder anhängen</translation>
    </message>
    <message>
        <source>Attach a screenshot</source>
        <translation>Bildschirmfoto anhängen</translation>
    </message>
    <message>
        <source>Give up changing an earlier question</source>
        <translation>Das Ändern einer früheren Frage aufgeben</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::SpeedMeter</name>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 Token/s</translation>
    </message>
    <message>
        <source>%1: the measurement has no decoding speed</source>
        <translation>%1: die Messung hat kein Dekodiertempo</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::TablesTab</name>
    <message>
        <source>Tables of results</source>
        <translation>Tabellen der Ergebnisse</translation>
    </message>
    <message>
        <source>No results yet. Run a model over a question set: its result is kept here, and every further model that is asked the same becomes a row. Tables of `qvlm table` can be opened, or dropped on the window.</source>
        <translation>Noch keine Ergebnisse. Lassen Sie ein Modell eine Fragensammlung beantworten: Sein Ergebnis wird hier aufbewahrt, und jedes weitere Modell, das dasselbe gefragt wird, wird eine Zeile. Tabellen von `qvlm table` lassen sich öffnen oder auf das Fenster ziehen.</translation>
    </message>
    <message>
        <source>Results that are shown</source>
        <translation>Angezeigte Ergebnisse</translation>
    </message>
    <message>
        <source>Models that were asked the same questions are rows of one table</source>
        <translation>Modelle, die dasselbe gefragt wurden, sind Zeilen einer Tabelle</translation>
    </message>
    <message>
        <source>Layout of the table</source>
        <translation>Anordnung der Tabelle</translation>
    </message>
    <message>
        <source>Tables as Q-VLM&apos;s paper numbers them</source>
        <translation>Tabellen, wie die Q-VLM-Arbeit sie nummeriert</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Open a table</source>
        <translation>Eine Tabelle öffnen</translation>
    </message>
    <message>
        <source>Table (*.json)</source>
        <translation>Tabelle (*.json)</translation>
    </message>
    <message>
        <source>A table file …</source>
        <translation>Eine Tabellendatei …</translation>
    </message>
    <message>
        <source>The folder of a `qvlm table` …</source>
        <translation>Den Ordner eines `qvlm table` …</translation>
    </message>
    <message>
        <source>Open the folder of a table</source>
        <translation>Den Ordner einer Tabelle öffnen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the table</source>
        <translation>Die Tabelle kopieren</translation>
    </message>
    <message>
        <source>As text</source>
        <translation>Als Text</translation>
    </message>
    <message>
        <source>For a spreadsheet</source>
        <translation>Für eine Tabellenkalkulation</translation>
    </message>
    <message>
        <source>Save …</source>
        <translation>Speichern …</translation>
    </message>
    <message>
        <source>Save the table</source>
        <translation>Die Tabelle speichern</translation>
    </message>
    <message>
        <source>As text, as JSON that can be opened here again, or as a page with plots</source>
        <translation>Als Text, als JSON, das sich hier wieder öffnen lässt, oder als Seite mit Diagrammen</translation>
    </message>
    <message>
        <source>Removed: %1</source>
        <translation>Entfernt: %1</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove results</source>
        <translation>Ergebnisse entfernen</translation>
    </message>
    <message>
        <source>Takes a model&apos;s results out of the table, or all of them</source>
        <translation>Nimmt die Ergebnisse eines Modells aus der Tabelle, oder alle</translation>
    </message>
    <message>
        <source>The whole table</source>
        <translation>Die ganze Tabelle</translation>
    </message>
    <message>
        <source>Page (*.html);;JSON (*.json);;Text (*.txt)</source>
        <translation>Seite (*.html);;JSON (*.json);;Text (*.txt)</translation>
    </message>
    <message>
        <source>Kept results that cannot be read are left out:</source>
        <translation>Aufbewahrte Ergebnisse, die nicht lesbar sind, fehlen:</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::Thumbnail</name>
    <message>
        <source>Picture %1</source>
        <translation>Bild %1</translation>
    </message>
    <message>
        <source>not a picture</source>
        <translation>kein Bild</translation>
    </message>
    <message>
        <source>%1
%2 × %3 pixels</source>
        <translation>%1
%2 × %3 Pixel</translation>
    </message>
    <message>
        <source>
animated: only the first of %1 frames is looked at</source>
        <translation>
bewegt: Nur das erste von %1 Bildern wird angesehen</translation>
    </message>
</context>
<context>
    <name>qvlm::studio::TokenView</name>
    <message>
        <source>“%1” %2 %</source>
        <translation>„%1“ %2 %</translation>
    </message>
    <message>
        <source>instead: %1</source>
        <translation>stattdessen: %1</translation>
    </message>
    <message>
        <source>The answer&apos;s tokens</source>
        <translation>Die Token der Antwort</translation>
    </message>
    <message>
        <source>Move the caret onto a token to hear how likely it was.</source>
        <translation>Bewegen Sie die Schreibmarke auf ein Token, um zu hören, wie wahrscheinlich es war.</translation>
    </message>
    <message>
        <source>The token at the caret</source>
        <translation>Das Token an der Schreibmarke</translation>
    </message>
    <message>
        <source>Hover over a token, or move the caret onto it, to see what else could have come.</source>
        <translation>Zeigen Sie auf ein Token, oder bewegen Sie die Schreibmarke darauf, um zu sehen, was sonst hätte kommen können.</translation>
    </message>
</context>
</TS>
